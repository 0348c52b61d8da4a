// Who is let in, without sockets and without waiting: the clock is the test's. Then the whole of it as a queueing system,
// simulated: under ten times what it can do it does nearly all it can, in time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import { Admission, ServiceTimes } from '../../src/http/index.js';
import { seededRandom } from '../../src/random/index.js';
import { answerOf } from '../support/fake-regions.js';
import { metric, rawClient, startApp, UPLOAD, untilMetric, uploadHead } from '../support/raw-http.js';

const full = (error: unknown) => error instanceof SkyfixError && error.code === 'QUEUE_FULL';

/** A line in which work for region "a" is known to take 100 ms. */
function lineAt(limits: Partial<ConstructorParameters<typeof Admission>[0]> = {}) {
  const clock = { ms: 0 };
  const admission = new Admission(
    { concurrency: 2, queueSize: 16, budgetMs: 180, ...limits },
    { now: () => clock.ms },
  );
  admission.times.note('a', 100);
  const enter = (region = 'a') => {
    const place = admission.open(region);
    place.received();
    return place;
  };
  const work = (region?: string) => {
    const place = enter(region);
    place.uploaded(region);
    place.begin();
    return place;
  };
  return { clock, admission, enter, work };
}

test('who would be answered within the budget is let in, who would not is told so', () => {
  const { clock, admission, enter, work } = lineAt();
  const first = work();
  assert.equal(admission.expectedWaitMs, 0);
  work();
  assert.equal(admission.expectedWaitMs, 100);
  enter();
  assert.equal(admission.expectedWaitMs, 150);
  assert.throws(() => admission.open('a'), full);
  clock.ms = 80;
  // 20 ms are left of each that is worked on, 100 of the one that waits: 70 ms until a turn, 170 until the answer.
  assert.equal(admission.expectedWaitMs, 70);
  enter();
  assert.throws(() => admission.open('a'), full);
  first.end();
  assert.throws(() => admission.open('a'), /about 210 ms behind 3 requests; the budget is 180 ms/);
});

test('one may always wait where there is a place for it, however long work takes', () => {
  const { admission, enter, work } = lineAt({ concurrency: 1 });
  for (let k = 0; k < 200; k++) admission.times.note('a', 5000);
  work();
  enter();
  assert.throws(() => admission.open('a'), full);
  assert.equal(admission.retryAfterSeconds, 10);
  const none = lineAt({ concurrency: 1, queueSize: 0 });
  none.work();
  assert.throws(() => none.admission.open('a'), full);
  assert.equal(none.admission.retryAfterSeconds, 1);
});

test('without a budget, or before anything is known, only the size of the queue counts', () => {
  const open = lineAt({ budgetMs: 0, queueSize: 5 });
  for (let k = 0; k < 7; k++) open.enter();
  assert.throws(() => open.admission.open('a'), full);
  const fresh = new Admission({ concurrency: 1, queueSize: 3, budgetMs: 10 });
  for (let k = 0; k < 4; k++) fresh.open().received();
  assert.throws(() => fresh.open(), full);
});

test('headers hold no place; an upload that stands still holds one no longer than the budget', () => {
  const { clock, admission, enter } = lineAt({ queueSize: 0 });
  for (let k = 0; k < 100; k++) admission.open('a');
  const slow = enter();
  enter();
  assert.throws(() => admission.open('a'), full);
  clock.ms = 180;
  const quick = enter();
  quick.uploaded();
  slow.uploaded('a');
  assert.throws(() => admission.open('a'), full);
  quick.end();
  quick.end();
  enter();
  assert.throws(() => admission.open('a'), full);
});

test('what others do is expected by their region', () => {
  const { admission, enter, work } = lineAt({ concurrency: 1 });
  admission.times.note('slow', 900);
  work('slow');
  assert.equal(admission.expectedWaitMs, 900);
  enter('a');
  assert.equal(admission.expectedWaitMs, 1000);
  assert.equal(admission.times.expectedMs('unheard of'), admission.times.expectedMs());
});

test('expected times follow what work takes, and no single odd one', () => {
  const times = new ServiceTimes();
  assert.equal(times.expectedMs('a'), undefined);
  for (let k = 0; k < 50; k++) times.note('a', 100);
  times.note('a', 10_000);
  assert.ok((times.expectedMs('a') ?? 0) <= 120.001);
  for (let k = 0; k < 60; k++) times.note('a', 1000);
  assert.ok(Math.abs((times.expectedMs('a') ?? 0) - 1000) < 20);
  assert.deepEqual(
    times.byRegion.map(([region]) => region),
    ['a'],
  );
});

/** Poisson arrivals at `load` times the capacity of `servers`, whose work takes 50 to 150 ms, evenly spread. */
function simulate(load: number, servers: number) {
  const random = seededRandom(7);
  const clock = { ms: 0 };
  const admission = new Admission(
    { concurrency: servers, queueSize: 16, budgetMs: 180 },
    { now: () => clock.ms },
  );
  const busyUntil: number[] = Array(servers).fill(0);
  const events: { readonly at: number; readonly run: () => void }[] = [];
  const latencies: number[] = [];
  let refused = 0;
  const runUntil = (ms: number) => {
    for (;;) {
      events.sort((a, b) => b.at - a.at);
      const next = events.at(-1);
      if (!next || next.at > ms) break;
      events.pop();
      clock.ms = next.at;
      next.run();
    }
    clock.ms = ms;
  };
  let now = 0;
  const seconds = 200;
  while (now < seconds * 1000) {
    now += (-Math.log(1 - random()) * 100) / (load * servers);
    runUntil(now);
    try {
      const place = admission.open('a');
      place.received();
      place.uploaded('a');
      const server = busyUntil.indexOf(Math.min(...busyUntil));
      const begin = Math.max(now, busyUntil[server] ?? 0);
      const end = begin + 50 + 100 * random();
      busyUntil[server] = end;
      latencies.push(end - now);
      events.push({ at: begin, run: () => place.begin() });
      events.push({
        at: end,
        run: () => {
          place.done('a');
          place.end();
        },
      });
    } catch (error) {
      assert.ok(full(error));
      refused++;
    }
  }
  latencies.sort((a, b) => a - b);
  const at = (q: number) => latencies[Math.floor(q * latencies.length)] ?? Number.NaN;
  const answered = latencies.length;
  return { share: answered / seconds / (servers * 10), answered, refused, p50: at(0.5), p95: at(0.95) };
}

for (const servers of [1, 2, 8]) {
  test(`overload of ten times on ${servers} at once: nine tenths of what can be done is done, near the budget`, () => {
    const { share, refused, p50, p95 } = simulate(10, servers);
    assert.ok(share >= 0.9, `${share}`);
    assert.ok(refused > 0);
    assert.ok(p50 <= 1.2 * 180, `${p50}`);
    assert.ok(p95 <= 1.5 * 180, `${p95}`);
    const calm = simulate(0.2, servers);
    assert.ok(calm.refused <= 0.03 * (calm.refused + calm.answered), `${calm.refused}`);
  });
}

test('a refusal comes before the body, says when to come back, and the connection goes on where the body is read', async () => {
  const release: (() => void)[] = [];
  const held = () => new Promise<void>((resolve) => release.push(resolve));
  const { app, url } = await startApp({ SKYFIX_CONCURRENCY: '1', SKYFIX_QUEUE_SIZE: '0' }, async () => {
    await held();
    return answerOf('demo');
  });
  const first = fetch(`${url}/locate`, UPLOAD);
  await untilMetric(app, 'skyfix_in_flight', 1);
  const size = 300_000;
  const client = await rawClient(url, uploadHead(size));
  const refusal = await client.until(/"requestId"/);
  assert.match(refusal, /^HTTP\/1\.1 503 .*QUEUE_FULL/s);
  assert.match(refusal, /retry-after: 1\r\n/i);
  assert.match(refusal, /application\/problem\+json/);
  release[0]?.();
  assert.equal((await first).status, 200);
  // The rest of the refused body, and behind it the next request on the same connection.
  const body = 'pixels';
  client.socket.write(Buffer.alloc(size));
  client.socket.write(`${uploadHead(body.length)}${body}`);
  await untilMetric(app, 'skyfix_in_flight', 1);
  release[1]?.();
  assert.match(await client.until(/"results"/), /HTTP\/1\.1 200 /);
  client.socket.destroy();
  await app.close();
});

test('who is refused is not told to begin, and who leaves the line makes room', async () => {
  const release: (() => void)[] = [];
  const { app, url } = await startApp({ SKYFIX_CONCURRENCY: '1', SKYFIX_QUEUE_SIZE: '1' }, async () => {
    await new Promise<void>((resolve) => release.push(resolve));
    return answerOf('demo');
  });
  const first = fetch(`${url}/locate`, UPLOAD);
  await untilMetric(app, 'skyfix_in_flight', 1);
  const leaving = new AbortController();
  const second = fetch(`${url}/locate`, { ...UPLOAD, signal: leaving.signal });
  await untilMetric(app, 'skyfix_queue_depth', 1);
  const third = await rawClient(url, uploadHead(5_000_000, 'Expect: 100-continue\r\n'));
  const text = await third.until(/"requestId"/);
  assert.match(text, /^HTTP\/1\.1 503 /);
  assert.match(text, /connection: close/i);
  await third.closed();
  leaving.abort();
  await assert.rejects(second);
  await untilMetric(app, 'skyfix_queue_depth', 0);
  const fourth = fetch(`${url}/locate`, UPLOAD);
  await untilMetric(app, 'skyfix_queue_depth', 1);
  release[0]?.();
  assert.equal((await first).status, 200);
  await untilMetric(app, 'skyfix_in_flight', 1);
  release[1]?.();
  assert.equal((await fourth).status, 200);
  await app.close();
});

test('a search for the heading takes its own time, and makes nobody be refused who brings a heading', () => {
  const { clock, admission, enter, work } = lineAt({ concurrency: 1 });
  for (let k = 0; k < 50; k++) {
    const place = enter();
    place.uploaded('a', true);
    place.begin();
    clock.ms += 2000;
    place.done('a', true);
    place.end();
  }
  const known = work();
  enter().end();
  assert.equal(admission.expectedWaitMs, 100);
  known.end();
  const search = enter();
  search.uploaded('a', true);
  search.begin();
  clock.ms += 500;
  assert.equal(admission.expectedWaitMs, 1500);
  search.end();
});

test('a photo of which nobody knows the heading is counted among the searches', async () => {
  const { app, url } = await startApp({}, async () => ({
    ...answerOf('demo'),
    heading: { deg: 3, source: 'estimated', uncertaintyDeg: 2 },
  }));
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  assert.ok(
    (await metric(app, 'skyfix_service_time_seconds{region="demo",heading="searched"}')) !== undefined,
  );
  assert.equal(await metric(app, 'skyfix_service_time_seconds{region="demo",heading="known"}'), undefined);
  await app.close();
});

test('what warming a region took is expected of its first requests, and soon forgotten', async () => {
  const warmedMs = new Map([['demo', 120]]);
  const { app } = await startApp({}, undefined, { warmedMs });
  assert.equal(await metric(app, 'skyfix_service_time_seconds{region="demo",heading="known"}'), 0.12);
  warmedMs.set('later', 300);
  assert.equal(await metric(app, 'skyfix_service_time_seconds{region="later",heading="known"}'), 0.3);
  await app.close();

  const times = new ServiceTimes(warmedMs);
  const first = new Admission({ concurrency: 1, queueSize: 16, budgetMs: 400 }, { now: () => 0, times });
  // Nobody was answered yet; 120 of the one that is worked on, of the one that waits, and its own.
  for (let k = 0; k < 3; k++) first.open('demo').received();
  assert.throws(() => first.open('demo'), /about 480 ms behind 3 requests; the budget is 400 ms/);
  assert.equal(times.expectedMs('demo'), 120);
  assert.equal(times.expectedMs('unknown'), 210, 'as the others');
  times.note('demo', 60);
  assert.equal(times.expectedMs('demo'), 90);
  for (let k = 0; k < 100; k++) times.note('demo', 60);
  assert.ok(Math.abs((times.expectedMs('demo') ?? 0) - 60) < 0.1);
  assert.equal(times.expectedMs('later'), 300);
});
