// Refusals have a pace, so that who comes again at once does not take the time of those who are answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusalPace } from '../../src/http/index.js';
import { answerOf } from '../support/fake-regions.js';
import { metric, rawClient, startApp, UPLOAD, untilMetric, uploadHead } from '../support/raw-http.js';

/** Tells refusals that come every `everyMs` for `seconds`; how long each waited, milliseconds. */
function waits(perSecond: number, everyMs: number, seconds: number): number[] {
  let now = 5_000;
  const pace = new RefusalPace(perSecond, () => now);
  return Array.from({ length: Math.floor((1000 * seconds) / everyMs) }, () => {
    now += everyMs;
    return pace.takeTurn();
  });
}

test('as many as are allowed are told at once, in bursts, too', () => {
  assert.deepEqual(new Set(waits(200, 5, 10)), new Set([0]));
  const pace = new RefusalPace(200, () => 0);
  const burst = Array.from({ length: 60 }, () => pace.takeTurn());
  assert.deepEqual(burst.slice(0, 51), Array(51).fill(0), 'a quarter of a second of them');
  assert.ok(burst.slice(51).every((ms, k) => Math.abs(ms - 5 * (k + 1)) < 1e-6));
});

test('clients that come again at once are refused no more often than the pace says', () => {
  let now = 0;
  const pace = new RefusalPace(100, () => now);
  // 50 clients, each of whom asks as soon as it is told: the one that is told next asks next.
  const toldAt = Array.from({ length: 50 }, () => 0);
  let told = 0;
  for (; now < 10_000; told++) {
    const next = toldAt.indexOf(Math.min(...toldAt));
    now = toldAt[next] as number;
    toldAt[next] = now + 0.1 + pace.takeTurn();
  }
  assert.ok(told <= 100 * 10 + 26 + 50, `${told}`);
  assert.ok(told >= 100 * 10, `${told}`);
});

test('nobody waits for more than two seconds, and with 0 nobody waits', () => {
  const pace = new RefusalPace(10, () => 0);
  const all = Array.from({ length: 1000 }, () => pace.takeTurn());
  assert.ok(Math.max(...all) <= 2_000);
  assert.equal(all.at(-1), 0, 'where the line is too long they are told at once again');
  assert.equal(all.filter((ms) => ms > 0).length, 20);
  assert.deepEqual(new Set(waits(0, 0.01, 1)), new Set([0]));
});

test('who waits to be refused is told so in turn, its upload is taken meanwhile, and it may leave', async () => {
  const release: (() => void)[] = [];
  const env = { SKYFIX_CONCURRENCY: '1', SKYFIX_QUEUE_SIZE: '0', SKYFIX_REFUSALS_PER_SECOND: '1' };
  const { app, url } = await startApp(env, async () => {
    await new Promise<void>((resolve) => release.push(resolve));
    return answerOf('demo');
  });
  const first = fetch(`${url}/locate`, UPLOAD);
  await untilMetric(app, 'skyfix_in_flight', 1);
  for (let k = 0; k < 2; k++) {
    assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 503);
    assert.equal(await metric(app, 'skyfix_refusals_waiting'), 0);
  }
  const size = 2_000_000;
  const waiting = await rawClient(url, uploadHead(size));
  await untilMetric(app, 'skyfix_refusals_waiting', 1);
  await new Promise<void>((resolve, reject) =>
    waiting.socket.write(Buffer.alloc(size), (error) => (error ? reject(error) : resolve())),
  );
  const leaving = await rawClient(url, uploadHead(size));
  await untilMetric(app, 'skyfix_refusals_waiting', 2);
  leaving.socket.destroy();
  // Other routes do not wait behind them.
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal((await fetch(`${url}/nowhere`)).status, 404);
  const told = await waiting.until(/"requestId"/);
  assert.match(told, /^HTTP\/1\.1 503 .*retry-after: 1\r\n.*QUEUE_FULL/is);
  await untilMetric(app, 'skyfix_refusals_waiting', 0);
  release[0]?.();
  assert.equal((await first).status, 200);
  // The connection goes on.
  waiting.socket.write(`${uploadHead(6)}pixels`);
  await untilMetric(app, 'skyfix_in_flight', 1);
  release[1]?.();
  assert.match(await waiting.until(/"results"/), /HTTP\/1\.1 200 /);
  waiting.socket.destroy();
  await app.close();
});
