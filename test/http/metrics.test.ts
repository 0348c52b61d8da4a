// What the figures mean: refusals don't pass for quick answers, failures have their times, places are told apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import type { HeadingSource, LocateOptions, StepOutcome } from '../../src/locate/index.js';
import { answerOf } from '../support/fake-regions.js';
import { metric, rawClient, startApp, UPLOAD, untilMetric } from '../support/raw-http.js';

test('durations are told apart by status, steps by outcome, waits have a histogram', async () => {
  let fail = false;
  const { app, url } = await startApp({}, async (_region, _image, options: LocateOptions) => {
    options.onStep?.({ step: 'decode', ms: 5, ok: true });
    options.onStep?.({ step: 'bev', ms: 7, ok: !fail });
    if (fail) throw new SkyfixError('PANORAMA_TOO_SMALL', 'It is small.');
    return answerOf('demo');
  });
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  fail = true;
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 422);
  const count = (name: string, labels: string) => metric(app, `${name}_count{${labels}}`);
  assert.equal(await count('skyfix_request_duration_seconds', 'route="/locate",status="200"'), 1);
  assert.equal(await count('skyfix_request_duration_seconds', 'route="/locate",status="422"'), 1);
  for (const [stage, outcome, expected] of [
    ['total', 'ok', 1],
    ['total', 'failed', 1],
    ['bev', 'failed', 1],
    ['decode', 'failed', 0],
    ['decode', 'ok', 2],
    ['search', 'failed', 0],
  ] as const) {
    const labels = `stage="${stage}",outcome="${outcome}"`;
    assert.equal(await count('skyfix_stage_duration_seconds', labels), expected, labels);
  }
  assert.equal(await metric(app, 'skyfix_queue_wait_seconds_count'), 2);
  await app.close();
});

test('headings are told apart by who said them; steps that come again are one, with their times together', async () => {
  let source: HeadingSource = 'metadata';
  const { app, url } = await startApp({}, async (_region, _image, options: LocateOptions) => {
    for (const step of ['decode', 'bev', 'search', 'bev', 'search', 'bev'] as const) {
      options.onStep?.({ step, ms: 50, ok: true });
    }
    if (source === 'exif') {
      options.onStep?.({ step: 'search', ms: 50, ok: false });
      throw new SkyfixError('INTERNAL', 'The index is gone.');
    }
    const { deg } = answerOf('demo').heading;
    return { ...answerOf('demo'), heading: { deg, source } };
  });
  for (const [who, status] of [
    ['estimated', 200],
    ['estimated', 200],
    ['request', 200],
    ['exif', 500],
  ] as const) {
    source = who;
    assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, status);
  }
  for (const [who, expected] of Object.entries({ request: 1, metadata: 0, exif: 0, estimated: 2 })) {
    assert.equal(await metric(app, `skyfix_headings_total{source="${who}"}`), expected, who);
  }
  const stage = (kind: string, name: string, outcome: string) =>
    metric(app, `skyfix_stage_duration_seconds_${kind}{stage="${name}",outcome="${outcome}"}`);
  assert.equal(await stage('count', 'bev', 'ok'), 3 + 1);
  assert.equal(await stage('count', 'search', 'failed'), 1);
  assert.equal(await stage('sum', 'search', 'failed'), 0.15);
  await app.close();
});

test('what the parser refuses is counted and answered with a request id', async () => {
  const { app, url } = await startApp({});
  const client = await rawClient(url, 'BLUB\r\n\r\n');
  assert.match(await client.until(/REQUEST_MALFORMED/), /^HTTP\/1\.1 400 .*X-Request-Id: [0-9a-f-]{36}\r\n/s);
  await untilMetric(app, 'skyfix_errors_total{code="REQUEST_MALFORMED"}', 1);
  client.socket.destroy();
  const long = await rawClient(url, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`);
  assert.match(await long.until(/REQUEST_MALFORMED/), /header is too large/);
  long.socket.destroy();
  await untilMetric(app, 'skyfix_errors_total{code="REQUEST_MALFORMED"}', 2);
  await app.close();
});

test("a client's code is for what the client sent: behind the BEV the same error is the server's own", async () => {
  let step: StepOutcome['step'] = 'decode';
  const { app, url } = await startApp({}, async (_region, _image, options: LocateOptions) => {
    options.onStep?.({ step, ms: 1, ok: false });
    throw new SkyfixError('PARAMETER_INVALID', 'The descriptor holds NaN.');
  });
  for (const [failing, status, code] of [
    ['decode', 400, 'PARAMETER_INVALID'],
    ['bev', 400, 'PARAMETER_INVALID'],
    ['generate', 500, 'INTERNAL'],
    ['embed', 500, 'INTERNAL'],
    ['search', 500, 'INTERNAL'],
  ] as const) {
    step = failing;
    const response = await fetch(`${url}/locate`, UPLOAD);
    const problem = (await response.json()) as { code: string; detail: string };
    assert.deepEqual([response.status, problem.code], [status, code], failing);
    if (status === 500) assert.doesNotMatch(problem.detail, /NaN/);
  }
  await app.close();
});

test('a step that was not taken has no duration', async () => {
  const { app, url } = await startApp({}, async () => {
    const answer = answerOf('demo');
    return { ...answer, timingsMs: { ...answer.timingsMs, generate: 0 } };
  });
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  const count = (stage: string) =>
    metric(app, `skyfix_stage_duration_seconds_count{stage="${stage}",outcome="ok"}`);
  assert.deepEqual([await count('embed'), await count('generate')], [1, 0]);
  await app.close();
});

test('answers are counted by verdict and heading, and their probabilities and gaps have histograms', async () => {
  let gap: number | undefined = 0.125;
  const { app, url } = await startApp({}, async () => {
    const answer = answerOf('demo');
    const { gap: _gap, ...confidence } = answer.confidence;
    return { ...answer, confidence: gap === undefined ? confidence : { ...confidence, gap } };
  });
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  gap = undefined;
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  const verdicts = (verdict: string) =>
    metric(app, `skyfix_verdicts_total{verdict="${verdict}",heading_source="metadata"}`);
  assert.equal(await verdicts('located'), 2);
  assert.equal(await verdicts('not in this region'), 0);
  assert.equal(await metric(app, 'skyfix_answer_probability_bucket{le="0.95"}'), 0);
  assert.equal(await metric(app, 'skyfix_answer_probability_bucket{le="0.99"}'), 2);
  assert.equal(await metric(app, 'skyfix_answer_gap_count'), 1);
  await app.close();
});
