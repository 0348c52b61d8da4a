// Traces as a collector gets them: a real server of this process, a receiver of OTLP on loopback.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { buildApp } from '../../src/app.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { Locate } from '../../src/http/index.js';
import { openTraces } from '../../src/traces/index.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** What came, by the protocol's JSON form (opentelemetry-proto, ExportTraceServiceRequest). */
async function openReceiver(): Promise<{ url: string; server: Server; spans: Span[] }> {
  const spans: Span[] = [];
  const take = async (request: IncomingMessage) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
  };
  const server = createServer((request, response) => {
    void take(request).then(() => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, server, spans };
}

const attributesOf = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const locate: Locate = async (_region, upload, { onStep }) => {
  const ok = upload.length > 1;
  onStep?.({ step: 'decode', ms: 12.5, ok });
  if (!ok) throw new SkyfixError('IMAGE_UNDECODABLE', 'No image.');
  onStep?.({ step: 'embed', ms: 30, ok: true });
  return answerOf('demo');
};

const PARENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

test('a span a request and one a step, below the one of the caller; no position, no key', async () => {
  const receiver = await openReceiver();
  const traces = await openTraces(receiver.url, 1);
  const lines: Record<string, unknown>[] = [];
  const app = await buildApp({
    config: testConfig({ LOG_LEVEL: 'info' }),
    regions: new FakeRegions(),
    locate,
    traces,
    logTo: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const send = (payload: string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/locate?lon=11.5761&lat=48.1371&radiusM=300',
      payload,
      headers: { 'content-type': 'image/png', ...headers },
    });
  const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-01`;
  assert.equal((await send('pixels', { traceparent, 'x-request-id': 'ticket-9' })).statusCode, 200);
  assert.equal((await send('x')).statusCode, 422);
  // The caller has decided that it is not kept.
  await send('pixels', { traceparent: `00-${'ab'.repeat(16)}-${PARENT.spanId}-00` });
  await app.inject('/healthz');
  await app.inject('/metrics');
  await app.close();
  await traces.close();
  receiver.server.close();
  const { spans } = receiver;
  const ofCaller = spans.filter(({ traceId }) => traceId === PARENT.traceId);
  const [root] = ofCaller.filter(({ kind }) => kind === 2);
  assert.ok(root);
  assert.equal(root.parentSpanId, PARENT.spanId);
  assert.equal(root.name, 'POST /locate');
  const steps = ofCaller.filter((span) => span !== root);
  assert.deepEqual(steps.map(({ name }) => name).sort(), ['decode', 'embed', 'queue', 'upload']);
  assert.ok(steps.every(({ parentSpanId }) => parentSpanId === root.spanId));
  const decode = steps.find(({ name }) => name === 'decode') as Span;
  const lastedNs = BigInt(decode.endTimeUnixNano) - BigInt(decode.startTimeUnixNano);
  assert.ok(lastedNs > 11_000_000n && lastedNs < 14_000_000n, `${lastedNs}`);
  const facts = attributesOf(root);
  assert.deepEqual(
    [
      facts['http.response.status_code'],
      facts['skyfix.region'],
      facts['skyfix.request_id'],
      facts['skyfix.bytes'],
    ],
    [200, 'demo', 'ticket-9', 6],
  );
  const others = spans.filter(({ traceId }) => traceId !== PARENT.traceId);
  const [failed] = others.filter(({ kind }) => kind === 2);
  assert.equal(failed && attributesOf(failed)['error.type'], 'IMAGE_UNDECODABLE');
  assert.deepEqual(
    others.filter(({ status }) => status.code === 2).map(({ name }) => name),
    ['decode'],
  );
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 2, 'health and metrics are not traced');
  assert.doesNotMatch(JSON.stringify(spans), /11\.57|48\.13|10\.001|50\.002/);
  const logged = lines.filter(({ msg }) => msg === 'request').map(({ trace }) => trace);
  assert.equal(logged[0], PARENT.traceId, 'a line of the log leads to its trace');
});

test('a collector that is away costs no request', async () => {
  const traces = await openTraces('http://127.0.0.1:9/v1/traces', 1);
  const app = await buildApp({ config: testConfig(), regions: new FakeRegions(), locate, traces });
  const headers = { 'content-type': 'image/png' };
  for (let k = 0; k < 5; k++)
    assert.equal(
      (await app.inject({ method: 'POST', url: '/locate', payload: 'pixels', headers })).statusCode,
      200,
    );
  await app.close();
  const started = performance.now();
  await traces.close();
  assert.ok(performance.now() - started < 5_000);
});

test('without an address nothing of OpenTelemetry is loaded: one file imports it, itself imported when asked for', () => {
  const root = join(PACKAGE_ROOT, 'src');
  const files = readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'));
  const textOf = (name: string) => readFileSync(join(root, name), 'utf8');
  assert.deepEqual(
    files.filter((name) => textOf(name).includes("'@opentelemetry/")),
    ['traces/otlp-traces.ts'],
  );
  const importing = files.filter((name) => textOf(name).includes("otlp-traces.js'"));
  assert.deepEqual(importing, ['traces/index.ts']);
  assert.doesNotMatch(textOf('traces/index.ts'), /from '.\/otlp-traces/);
});
