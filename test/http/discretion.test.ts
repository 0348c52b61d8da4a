// What a server keeps to itself: errors tell clients no paths, stacks or messages of libraries, and the log has them
// under the request's id; the log tells nobody where a panorama was taken.
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { buildApp } from '../../src/app.js';
import { ERROR_CODES, type ErrorCode, SkyfixError } from '../../src/errors/index.js';
import { withoutPaths } from '../../src/http/index.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

const KEY = 'correct-horse-battery';
const PATHS = [
  '/srv/skyfix/regions/demo/versions/v1/index.json',
  `${homedir()}/data/x.onnx`,
  `${process.cwd()}/dist/src/app.js:12:7`,
  'file:///opt/skyfix/a.js',
  'C:\\skyfix\\data\\index.json',
];
const SECRETS = /srv|opt\/|dist\/|C:\\|libvips|at Object|node:internal|ENOENT/;

test('no error of any status tells a client a path or a stack', async () => {
  const regions = new FakeRegions();
  let failure: unknown;
  const app = await buildApp({
    config: testConfig({ SKYFIX_API_KEYS: KEY }),
    regions,
    locate: async () => {
      throw failure;
    },
  });
  const detail = `${PATHS.join(' and ')} does not match.\n    at Object.<anonymous> (node:internal/x:1:2)`;
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    // These repeat what the client sent, and nothing else.
    if (/^(ROUTE_NOT_FOUND|METHOD_NOT_ALLOWED|PARAMETER_INVALID|REGION_UNKNOWN)$/.test(code)) continue;
    failure = new SkyfixError(code, detail);
    regions.refusal = new SkyfixError(code, detail);
    const located = await app.inject({
      method: 'POST',
      url: '/locate',
      payload: 'pixels',
      headers: { 'content-type': 'image/png' },
    });
    const reloaded = await app.inject({
      method: 'POST',
      url: '/admin/regions/demo/reload',
      headers: { authorization: `Bearer ${KEY}` },
    });
    for (const { statusCode, body, headers } of [located, reloaded]) {
      const problem = JSON.parse(body);
      assert.deepEqual([statusCode, problem.code], [ERROR_CODES[code].status, code]);
      assert.doesNotMatch(body, SECRETS, code);
      assert.equal(problem.requestId, headers['x-request-id']);
      if (statusCode >= 500 && statusCode !== 503) assert.match(problem.detail, /log under the request id/);
      assert.equal(headers['retry-after'], statusCode === 503 || statusCode === 429 ? '1' : undefined, code);
    }
  }
  for (const error of [
    new TypeError(`no ${PATHS[0]}`),
    Object.assign(new Error('ENOENT /srv/x'), { code: 'ENOENT' }),
    'text',
    null,
  ]) {
    failure = error;
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/locate',
      payload: 'x',
      headers: { 'content-type': 'image/png' },
    });
    assert.deepEqual([statusCode, JSON.parse(body).code], [500, 'INTERNAL']);
    assert.doesNotMatch(body, SECRETS);
  }
  await app.close();
});

test('a path becomes its last name; URLs, fractions and rates stay', () => {
  assert.equal(withoutPaths('The file /a/b/index.json is damaged.'), 'The file index.json is damaged.');
  assert.equal(withoutPaths('See /a/b/c.'), 'See c.');
  assert.equal(withoutPaths('"/a/b c/d.onnx"'), '"b c/d.onnx"');
  const kept = 'At most 3/4 of a tile, 12 bytes/s; http://example.org/a/b; image/png and and/or.';
  assert.equal(withoutPaths(kept), kept);
});

test('one line a request: status, code, bytes, region, steps; no positions, no details of parameters', async () => {
  const lines: Record<string, unknown>[] = [];
  {
    const app = await buildApp({
      config: testConfig({ LOG_LEVEL: 'info' }),
      regions: new FakeRegions(),
      locate: async () => answerOf('demo'),
      logTo: { write: (line) => lines.push(JSON.parse(line)) },
    });
    const send = (query: string) =>
      app.inject({
        method: 'POST',
        url: `/locate?${query}`,
        payload: 'secret pixels',
        headers: { 'content-type': 'image/png', 'x-request-id': `id-${query.length}` },
      });
    assert.equal((await send('lon=11.5761&lat=48.1371&radiusM=300')).statusCode, 200);
    assert.equal((await send('lon=11.5761&lat=98.1371')).statusCode, 400);
    await app.close();
  }
  const requests = lines.filter(({ msg }) => msg === 'request');
  assert.equal(requests.length, 2);
  const [answered, refused] = requests;
  const { status, bytes, region, steps, path } = answered ?? {};
  assert.deepEqual(
    { status, bytes, region, path },
    { status: '200', bytes: 13, region: 'demo', path: '/locate' },
  );
  assert.deepEqual(Object.keys(steps as object), ['decode', 'bev', 'generate', 'embed', 'search', 'total']);
  assert.deepEqual([refused?.status, refused?.code, refused?.bytes], ['400', 'PARAMETER_INVALID', 13]);
  const { indexVersion, bundle, verdict, waitMs } = answered ?? {};
  assert.deepEqual([indexVersion, bundle, verdict], [answerOf('demo').indexVersion, 'tiny@1', 'located']);
  assert.ok(Number.isInteger(waitMs));
  assert.doesNotMatch(JSON.stringify(lines), /11\.57|48\.13|98\.13|10\.001|50\.002|secret/);
});

test('the best place is in the line where the operator has switched that on, and nothing else of the image', async () => {
  const lines: Record<string, unknown>[] = [];
  const app = await buildApp({
    config: testConfig({ LOG_LEVEL: 'info', SKYFIX_LOG_POSITIONS: 'on' }),
    regions: new FakeRegions(),
    locate: async () => answerOf('demo'),
    logTo: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const headers = { 'content-type': 'image/png' };
  await app.inject({ method: 'POST', url: '/locate', payload: 'secret pixels', headers });
  await app.close();
  const [line] = lines.filter(({ msg }) => msg === 'request');
  assert.deepEqual(line?.position, { lon: 10.001, lat: 50.002 });
  assert.doesNotMatch(JSON.stringify(lines), /secret/);
});

test('pages of other origins are let in by name only, and read the request id and refusals', async () => {
  const app = await buildApp({
    config: testConfig({ SKYFIX_CORS_ORIGINS: 'https://maps.example, http://localhost:5173' }),
    regions: new FakeRegions(),
    locate: async () => answerOf('demo'),
  });
  const ask = (origin: string, query = '') =>
    app.inject({
      method: 'POST',
      url: `/locate${query}`,
      payload: 'x',
      headers: { 'content-type': 'image/png', origin },
    });
  for (const query of ['', '?top=0']) {
    const { headers } = await ask('https://maps.example', query);
    assert.equal(headers['access-control-allow-origin'], 'https://maps.example');
    assert.match(String(headers['access-control-expose-headers']), /X-Request-Id/i);
    assert.match(String(headers.vary), /Origin/i);
  }
  assert.equal((await ask('https://evil.example')).headers['access-control-allow-origin'], undefined);
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/locate',
    headers: {
      origin: 'http://localhost:5173',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  assert.equal(preflight.statusCode, 204);
  assert.match(String(preflight.headers['access-control-allow-methods']), /POST/);
  await app.close();
  const closed = await buildApp({ config: testConfig(), regions: new FakeRegions() });
  const plain = await closed.inject({ url: '/healthz', headers: { origin: 'https://maps.example' } });
  assert.equal(plain.headers['access-control-allow-origin'], undefined);
  assert.equal((await closed.inject({ method: 'OPTIONS', url: '/locate' })).statusCode, 405);
  await closed.close();
});
