// Keys, scopes, quotas and the audit of admin acts, over HTTP.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { SkyfixError } from '../../src/errors/index.js';
import { addKey, KeyRing, type KeyScope } from '../../src/keys/index.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

const OWN = 'correct-horse-battery';
let folder: string;
let ring: KeyRing;
const keys: Record<string, string> = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-access-'));
  const path = join(folder, 'keys.json');
  for (const scope of ['locate', 'admin', 'metrics'] as const) keys[scope] = await add(path, scope, [scope]);
  keys.few = await add(path, 'few', ['locate'], { requestsPerMinute: 2, uploads: 1 });
  keys.old = await add(path, 'old', ['locate'], { expiresAt: '2026-01-01T00:00:00.000Z' });
  ring = await KeyRing.open(path);
});
after(() => rm(folder, { recursive: true }));

function add(path: string, name: string, scopes: readonly KeyScope[], rest: object = {}): Promise<string> {
  return addKey(path, { name, scopes, ...rest });
}

async function withApp(
  env: Readonly<Record<string, string>>,
  use: (app: FastifyInstance, lines: Record<string, unknown>[], regions: FakeRegions) => Promise<void>,
  withKeys = true,
): Promise<void> {
  const lines: Record<string, unknown>[] = [];
  const regions = new FakeRegions();
  const app = await buildApp({
    config: testConfig({ LOG_LEVEL: 'error', ...env }),
    regions,
    locate: async () => answerOf('demo'),
    ...(withKeys && { keys: ring }),
    logTo: { write: (line) => lines.push(JSON.parse(line)) },
  });
  try {
    await use(app, lines, regions);
  } finally {
    await app.close();
  }
}

const bearer = (key: string | undefined): Record<string, string> =>
  key ? { authorization: `Bearer ${key}` } : {};
const locateWith = (
  app: FastifyInstance,
  key?: string,
  more: { headers?: object; remoteAddress?: string } = {},
) =>
  app.inject({
    method: 'POST',
    url: '/locate',
    payload: 'pixels',
    ...more,
    headers: { 'content-type': 'image/png', ...bearer(key), ...more.headers },
  });

test('each scope opens its routes and no others; a page and its health need none', async () => {
  await withApp({ SKYFIX_API_KEYS: OWN }, async (app) => {
    const statusOf = async (method: 'GET' | 'POST', url: string, key?: string) =>
      (await app.inject({ method, url, headers: bearer(key) })).statusCode;
    const routes = [
      ['GET', '/regions', ['locate', 'admin']],
      ['GET', '/regions/demo', ['locate', 'admin']],
      ['GET', '/metrics', ['metrics']],
      ['POST', '/admin/regions/demo/reload', ['admin']],
    ] as const;
    for (const [method, url, scopes] of routes) {
      assert.equal(await statusOf(method, url), 401, url);
      assert.equal(await statusOf(method, url, 'wrong-horse-battery'), 401, url);
      assert.equal(await statusOf(method, url, keys.old), 401, `${url}, a key that has expired`);
      for (const scope of ['locate', 'admin', 'metrics'] as const) {
        const expected = (scopes as readonly string[]).includes(scope) ? 200 : 403;
        assert.equal(await statusOf(method, url, keys[scope]), expected, `${url} with ${scope}`);
      }
    }
    assert.equal(await statusOf('POST', '/admin/regions/demo/reload', OWN), 200);
    for (const url of ['/healthz', '/readyz', '/openapi.yaml']) assert.equal(await statusOf('GET', url), 200);
    assert.equal((await locateWith(app)).statusCode, 401);
    assert.equal((await locateWith(app, keys.locate)).statusCode, 200);
    const refused = await locateWith(app, keys.metrics);
    assert.equal(refused.json().code, 'KEY_SCOPE_MISSING');
    assert.match(String(refused.headers['www-authenticate']), /error="insufficient_scope", scope="locate"/);
    assert.ok(!refused.body.includes(keys.metrics ?? ''));
  });
});

test('without a keys file all is as it was: only the admin routes ask', async () => {
  await withApp(
    { SKYFIX_API_KEYS: OWN },
    async (app) => {
      assert.equal((await locateWith(app)).statusCode, 200);
      assert.equal((await app.inject('/metrics')).statusCode, 200);
      assert.equal((await app.inject({ method: 'POST', url: '/admin/regions/demo/reload' })).statusCode, 401);
    },
    false,
  );
});

test('loopback is free where that was chosen, never for admin acts, never through a proxy', async () => {
  await withApp({}, async (app) => assert.equal((await locateWith(app)).statusCode, 401));
  await withApp({ SKYFIX_KEYS_LOOPBACK: 'open', SKYFIX_REQUESTS_PER_MINUTE: '1' }, async (app) => {
    for (let k = 0; k < 3; k++) assert.equal((await locateWith(app)).statusCode, 200);
    assert.equal((await app.inject({ method: 'POST', url: '/admin/regions/demo/reload' })).statusCode, 401);
    const through = { headers: { 'x-forwarded-for': '203.0.113.7' } };
    assert.equal((await locateWith(app, undefined, through)).statusCode, 401);
    assert.equal((await locateWith(app, undefined, { remoteAddress: '203.0.113.7' })).statusCode, 401);
  });
});

test('quotas: by key wherever it asks from, by address without one; told in headers, refused with a time', async () => {
  await withApp({ SKYFIX_REQUESTS_PER_MINUTE: '3' }, async (app) => {
    const first = await locateWith(app, keys.few);
    assert.equal(first.statusCode, 200);
    const { 'ratelimit-limit': limit, 'ratelimit-remaining': left, 'ratelimit-reset': reset } = first.headers;
    assert.deepEqual(
      [limit, left],
      [2, 1].map((n) => (typeof limit === 'string' ? String(n) : n)),
    );
    assert.ok(Number(reset) > 0 && Number(reset) <= 60);
    assert.equal(
      first.headers['ratelimit-policy'],
      '"minute";q=2;w=60, "uploads";q=1;qu="concurrent-requests"',
    );
    assert.equal(first.headers.ratelimit, `"minute";r=1;t=${reset}`);
    assert.equal((await locateWith(app, keys.few, { remoteAddress: '203.0.113.7' })).statusCode, 200);
    const over = await locateWith(app, keys.few, { remoteAddress: '203.0.113.8' });
    assert.deepEqual([over.statusCode, over.json().code], [429, 'RATE_LIMITED']);
    assert.ok(Number(over.headers['retry-after']) >= 1 && Number(over.headers['retry-after']) <= 60);
    assert.match(String(over.headers.ratelimit), /^"minute";r=0;t=\d+$/);
    assert.match(over.json().detail, /^2 requests a minute are allowed to the key "few"/);
    assert.equal((await locateWith(app, keys.locate)).statusCode, 200, 'others have their own');
    // Who tries keys is counted by address, and told no more after a while.
    const tries = [];
    for (let k = 0; k < 5; k++)
      tries.push(
        (await locateWith(app, `guess-${k}-guess-guess`, { remoteAddress: '198.51.100.1' })).statusCode,
      );
    assert.deepEqual(tries, [401, 401, 401, 429, 429]);
    const admin = await app.inject({
      method: 'POST',
      url: '/admin/regions/demo/reload',
      remoteAddress: '198.51.100.1',
    });
    assert.equal(admin.statusCode, 429);
  });
});

test('addresses are those that a trusted proxy names, IPv6 by its /64; others are not believed', async () => {
  const asked = (app: FastifyInstance, remoteAddress: string, forwarded: string) =>
    locateWith(app, undefined, { remoteAddress, headers: { 'x-forwarded-for': forwarded } });
  const env = { SKYFIX_REQUESTS_PER_MINUTE: '1', SKYFIX_TRUSTED_PROXIES: '10.0.0.1' };
  await withApp(
    env,
    async (app) => {
      assert.equal((await asked(app, '10.0.0.1', '203.0.113.1')).statusCode, 200);
      assert.equal((await asked(app, '10.0.0.1', '203.0.113.2')).statusCode, 200);
      assert.equal((await asked(app, '10.0.0.1', '203.0.113.2')).statusCode, 429);
      assert.equal((await asked(app, '10.0.0.1', '2001:db8::1')).statusCode, 200);
      assert.equal((await asked(app, '10.0.0.1', '2001:db8::2')).statusCode, 429);
      assert.equal((await asked(app, '10.0.0.9', '203.0.113.3')).statusCode, 200);
      assert.equal(
        (await asked(app, '10.0.0.9', '203.0.113.4')).statusCode,
        429,
        'not a proxy that is trusted',
      );
      const other = await app.inject({ url: '/regions', remoteAddress: '10.0.0.9' });
      assert.deepEqual(
        [other.statusCode, other.headers.ratelimit],
        [200, undefined],
        'only panoramas are counted',
      );
    },
    false,
  );
});

test('uploads at once are counted by key', async () => {
  await withApp({ SKYFIX_UPLOAD_GRACE_MS: '60000' }, async (app) => {
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const head =
      `POST /locate HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${keys.few}\r\n` +
      'Content-Type: image/png\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n';
    const begun = connect(Number(url.port), url.hostname, () => begun.write(head));
    // "100 Continue" came: its upload is awaited, and takes its place with the first byte.
    await new Promise((resolve) => begun.once('data', resolve));
    begun.write('abc');
    let second: Response;
    do {
      second = await fetch(new URL('/locate', url), {
        method: 'POST',
        headers: { 'content-type': 'image/png', ...bearer(keys.few) },
        body: 'pixels',
      });
      // The first may have come before the three bytes.
    } while (second.status === 200);
    const problem = (await second.json()) as { code: string; detail: string };
    assert.deepEqual([second.status, problem.code], [429, 'KEY_BUSY']);
    assert.match(problem.detail, /1 uploads with the key "few"/);
    assert.equal(second.headers.get('retry-after'), '1');
    begun.destroy();
  });
});

test('every admin act is one line: who, from where, what, with which outcome; usage is counted by key', async () => {
  await withApp({ SKYFIX_API_KEYS: OWN }, async (app, lines, regions) => {
    const reload = (key?: string) =>
      app.inject({ method: 'POST', url: '/admin/regions/demo/reload', headers: bearer(key) });
    await reload(keys.admin);
    await reload(OWN);
    await reload();
    await reload(keys.locate);
    regions.refusal = new SkyfixError('INDEX_CORRUPT', 'So it is.');
    await reload(keys.admin);
    const acts = lines
      .filter(({ msg }) => msg === 'audit')
      .map(({ audit }) => audit as Record<string, unknown>);
    assert.deepEqual(
      acts.map(({ by, outcome }) => [by, outcome]),
      [
        ['admin', 'ok'],
        ['SKYFIX_API_KEYS 1', 'ok'],
        [null, 'UNAUTHORIZED'],
        ['locate', 'KEY_SCOPE_MISSING'],
        ['admin', 'INDEX_CORRUPT'],
      ],
    );
    const [first] = acts;
    assert.equal(first?.act, 'POST /admin/regions/demo/reload');
    assert.deepEqual([first?.region, first?.from], ['demo', '127.0.0.1']);
    assert.match(String(first?.indexVersion), /^2026/);
    const { body } = await app.inject({ url: '/metrics', headers: bearer(keys.metrics) });
    assert.match(body, /skyfix_key_requests_total\{key="admin",status="200"\} 1/);
    assert.match(body, /skyfix_keys 5/);
    for (const text of [...Object.values(keys), OWN])
      assert.ok(!`${JSON.stringify(lines)}${body}`.includes(text));
  });
});
