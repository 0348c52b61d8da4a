// Time and order: full queue, deadlines, clients that leave, a stop with requests in flight, reloads meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { Locate } from '../../src/http/index.js';
import { answerOf, deferred, FakeRegions, testConfig } from '../support/fake-regions.js';

const PNG = { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'pixels' } as const;

/** An app whose locate() waits until the test lets it go. */
async function startHeld(env: Record<string, string> = {}) {
  const regions = new FakeRegions();
  const started: ReturnType<typeof deferred<void>>[] = [];
  const onStart: (() => void)[] = [];
  const locate: Locate = async () => {
    const gate = deferred<void>();
    started.push(gate);
    onStart.shift()?.();
    await gate.promise;
    return answerOf('demo');
  };
  const app = await buildApp({
    config: testConfig({ SKYFIX_UPLOAD_GRACE_MS: '60000', ...env }),
    regions,
    locate,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  /** Resolves when one more locate() has begun. */
  const nextStart = () => new Promise<void>((resolve) => onStart.push(resolve));
  return { app, url, regions, started, nextStart };
}

const metric = async (app: FastifyInstance, line: string) => {
  const text = (await app.inject('/metrics')).body;
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

/** Waits for a counter by asking again after each turn of the event loop. */
async function untilMetric(app: FastifyInstance, line: string, value: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  while ((await metric(app, line)) !== value) {
    assert.ok(Date.now() < deadline, `${line} never became ${value}: ${await metric(app, line)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a queue that is full refuses at once and forgets nobody who waits', async () => {
  const { app, url, regions, started, nextStart } = await startHeld({
    SKYFIX_CONCURRENCY: '1',
    SKYFIX_QUEUE_SIZE: '1',
  });
  const running = nextStart();
  const first = fetch(`${url}/locate`, PNG);
  await running;
  const second = fetch(`${url}/locate`, PNG);
  await untilMetric(app, 'skyfix_queue_depth', 1);
  assert.equal(await metric(app, 'skyfix_in_flight'), 1);
  const third = await fetch(`${url}/locate`, PNG);
  assert.equal(third.status, 503);
  assert.equal(third.headers.get('retry-after'), '1');
  assert.equal(((await third.json()) as { code: string }).code, 'QUEUE_FULL');
  const secondRuns = nextStart();
  started[0]?.resolve();
  assert.equal((await first).status, 200);
  await secondRuns;
  started[1]?.resolve();
  assert.equal((await second).status, 200);
  assert.equal(regions.leases, 0);
  assert.equal(await metric(app, 'skyfix_queue_depth'), 0);
  await app.close();
});

test('work that takes too long is answered REQUEST_TIMEOUT; its slot is free when it ends, not before', async () => {
  const { app, url, regions, started } = await startHeld({
    SKYFIX_CONCURRENCY: '1',
    SKYFIX_QUEUE_SIZE: '0',
    SKYFIX_REQUEST_TIMEOUT_MS: '50',
  });
  const late = await fetch(`${url}/locate`, PNG);
  assert.equal(late.status, 503);
  assert.equal(((await late.json()) as { code: string }).code, 'REQUEST_TIMEOUT');
  assert.equal(regions.leases, 1);
  assert.equal((await fetch(`${url}/locate`, PNG)).status, 503);
  started[0]?.resolve();
  await untilMetric(app, 'skyfix_in_flight', 0);
  assert.equal(regions.leases, 0);
  await app.close();
});

function halfUpload(url: string): Socket {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.write(
    'POST /locate HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\nhalf',
  );
  return socket;
}

test('a client that stops halfway is told so where it still listens: REQUEST_ABORTED', async () => {
  const { app, url } = await startHeld();
  const socket = halfUpload(url);
  await untilMetric(app, 'skyfix_uploads', 1);
  socket.end();
  const [data] = (await once(socket, 'data')) as [Buffer];
  assert.match(data.toString(), /^HTTP\/1\.1 400 .*REQUEST_ABORTED/s);
  socket.destroy();
  await untilMetric(app, 'skyfix_uploads', 0);
  await app.close();
});

test('a client that breaks the connection frees its place, uploading or waiting', async () => {
  const { app, url, started, nextStart } = await startHeld({
    SKYFIX_CONCURRENCY: '1',
    SKYFIX_QUEUE_SIZE: '2',
  });
  const socket = halfUpload(url);
  await untilMetric(app, 'skyfix_uploads', 1);
  socket.destroy();
  await untilMetric(app, 'skyfix_uploads', 0);
  const running = nextStart();
  const first = fetch(`${url}/locate`, PNG);
  await running;
  const leaver = new AbortController();
  const second = fetch(`${url}/locate`, { ...PNG, signal: leaver.signal });
  await untilMetric(app, 'skyfix_queue_depth', 1);
  leaver.abort();
  await assert.rejects(second, { name: 'AbortError' });
  await untilMetric(app, 'skyfix_queue_depth', 0);
  started[0]?.resolve();
  assert.equal((await first).status, 200);
  assert.equal(started.length, 1, 'nobody located for the one who left');
  await untilMetric(app, 'skyfix_requests_total{route="/locate",method="POST",status="aborted"}', 2);
  await app.close();
});

test('a refused upload leaves its connection usable', async () => {
  const { app, url } = await startHeld({ SKYFIX_MAX_UPLOAD_BYTES: '1024' });
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  const body = 'x'.repeat(200_000);
  const head = `POST /locate HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(`${head}${body}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 413 .*IMAGE_TOO_LARGE_BYTES.*HTTP\/1\.1 200 OK.*"ok"/s);
  await app.close();
});

test('a stop finishes what is in flight, refuses what comes, and closes connections', async () => {
  const { app, url, started, nextStart } = await startHeld();
  const { port } = new URL(url);
  const idle = connect({ port: Number(port), host: '127.0.0.1' });
  idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(idle, 'data');
  const running = nextStart();
  const first = fetch(`${url}/locate`, PNG);
  await running;
  const idleClosed = once(idle, 'close');
  const closing = app.close();
  await idleClosed;
  await assert.rejects(fetch(`${url}/healthz`));
  started[0]?.resolve();
  const answer = await first;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('connection'), 'close');
  await closing;
});

test('NOT_READY without a region, and while it stops', async () => {
  const { app, regions } = await startHeld();
  assert.equal((await app.inject('/readyz')).statusCode, 200);
  regions.ready = false;
  for (const request of ['/readyz', { method: 'POST', url: '/locate' }] as const) {
    const { statusCode, json, headers } = await app.inject(request);
    assert.equal(statusCode, 503);
    assert.equal(json().code, 'NOT_READY');
    assert.equal(headers['retry-after'], '1');
  }
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  assert.equal(await metric(app, 'skyfix_ready'), 0);
  await app.close();
});

test('a refused reload says why; what fails unforeseen is INTERNAL and tells nothing', async () => {
  const regions = new FakeRegions();
  const key = 'correct-horse-battery';
  const app = await buildApp({
    config: testConfig({ SKYFIX_API_KEYS: key }),
    regions,
    locate: async () => {
      throw new Error('secret path /srv/x');
    },
  });
  const reload = () =>
    app.inject({
      method: 'POST',
      url: '/admin/regions/demo/reload',
      headers: { authorization: `Bearer ${key}` },
    });
  for (const code of [
    'INDEX_BUNDLE_MISMATCH',
    'INDEX_RECALL_TOO_LOW',
    'INDEX_CORRUPT',
    'BUNDLE_MISSING',
  ] as const) {
    regions.refusal = new SkyfixError(code, 'It was refused.');
    assert.equal((await reload()).json().code, code);
  }
  assert.equal(await metric(app, 'skyfix_region_reloads_total{region="demo",outcome="refused"}'), 4);
  const broken = await app.inject({
    method: 'POST',
    url: '/locate',
    headers: PNG.headers,
    payload: 'pixels',
  });
  assert.equal(broken.statusCode, 500);
  assert.equal(broken.json().code, 'INTERNAL');
  assert.doesNotMatch(broken.body, /secret/);
  assert.equal(await metric(app, 'skyfix_errors_total{code="INTERNAL"}'), 1);
  await app.close();
});
