// One request/answer thread: what is asked is answered, refused or told to be lost; never forgotten.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  Pacer,
  RESTART_PACE,
  RequestWorker,
  type RequestWorkerOptions,
  ThreadClosed,
  ThreadDied,
} from '../../src/threads/index.js';
import { until, watchThreads } from '../support/threads.js';
import type { FixtureRequests, FixtureSetup } from './fixture-worker.js';

const SCRIPT = new URL('./fixture-worker.js', import.meta.url);
const QUICK = { firstDelayMs: 1, longestDelayMs: 4, windowMs: 1000 };
const folder = await mkdtemp(join(tmpdir(), 'skyfix-threads-'));
after(() => rm(folder, { recursive: true, force: true }));

const start = (options: Partial<RequestWorkerOptions> & { readonly setup?: FixtureSetup } = {}) =>
  new RequestWorker<FixtureRequests>(SCRIPT, { of: 'the fixture', ...options });

describe('requests and answers', () => {
  test('come back in order, with buffers moved both ways and progress told', async () => {
    const worker = start();
    await worker.opened;
    assert.equal(worker.state, 'ready');
    const echoes = await Promise.all(Array.from({ length: 50 }, (_, k) => worker.ask('echo', { k })));
    assert.deepEqual(
      echoes,
      Array.from({ length: 50 }, (_, k) => ({ k })),
    );
    const values = Float32Array.of(1, 2, 3);
    const doubled = await worker.ask('double', values, { transfer: [values.buffer] });
    assert.deepEqual([...doubled], [2, 4, 6]);
    assert.equal(values.length, 0, 'moved, not copied');
    const told: number[] = [];
    assert.equal(await worker.ask('count', 4, { onProgress: (done) => told.push(done) }), 4);
    assert.deepEqual(told, [1, 2, 3, 4]);
    await worker.close();
  });

  test('a handler that throws rejects its own request only, and a coded error keeps its code', async () => {
    const worker = start();
    await assert.rejects(worker.ask('fail', 'coded'), { code: 'DISK_FULL', detail: 'Nothing is left.' });
    await assert.rejects(worker.ask('fail', 'range'), RangeError);
    await assert.rejects(worker.ask('fail', 'plain'), /^Error: out of luck$/);
    await assert.rejects(worker.ask('fail', 'uncloneable'), /could not be cloned/);
    await assert.rejects(
      worker.ask('echo', () => 0),
      /could not be cloned/,
    );
    assert.equal(await worker.ask('echo', 7), 7);
    await worker.close();
  });

  test('close() lets what was asked finish; afterwards nothing is taken; closing twice is one', async () => {
    const worker = start();
    const asked = [1, 2, 3].map((k) => worker.ask('echo', k));
    const closing = Promise.all([worker.close(), worker.close()]);
    await assert.rejects(worker.ask('echo', 4), ThreadClosed);
    assert.deepEqual(await Promise.all(asked), [1, 2, 3]);
    await closing;
    assert.equal(worker.state, 'closed');
    await assert.rejects(worker.ask('echo', 5), ThreadClosed);
  });

  test('an idle thread that nobody closed does not keep its process alive', async () => {
    const index = new URL('../../src/threads/index.js', import.meta.url);
    const code = `
      import { RequestWorker } from ${JSON.stringify(index.href)};
      const worker = new RequestWorker(new URL(${JSON.stringify(SCRIPT.href)}), { of: 'it' });
      console.log(await worker.ask('echo', 'answered'));`;
    const file = join(folder, 'idle.mjs');
    await writeFile(file, code);
    const run = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 });
    assert.deepEqual([run.stdout.trim(), run.status], ['answered', 0], run.stderr);
  });
});

describe('a thread that ends', () => {
  for (const [how, why] of [
    ['exit', /it ended with code 3/],
    ['throw', /thrown by nobody/],
    ['reject', /rejected by nobody/],
    ['heap', /memory/],
  ] as const) {
    test(`by ${how}: all that waits is told, the owner hears of it, and it comes back`, async () => {
      const heard: string[] = [];
      const worker = start({
        restart: QUICK,
        resourceLimits: { maxOldGenerationSizeMb: 24 },
        onDeath: (death) => heard.push(`death: ${death.message}`),
        onRecovered: () => heard.push('recovered'),
      });
      await worker.opened;
      const lost = await Promise.allSettled([worker.ask('end', how), worker.ask('echo', 1)]);
      for (const outcome of lost) {
        assert.equal(outcome.status, 'rejected');
        assert.ok(outcome.reason instanceof ThreadDied);
        assert.match(outcome.reason.message, /^The thread of the fixture died: /);
        assert.match(outcome.reason.why, why);
      }
      await until(() => worker.state === 'ready', 'the restart');
      assert.equal(await worker.ask('echo', 'again'), 'again');
      assert.equal(heard.length, 2);
      assert.match(heard[0] ?? '', /^death: The thread of the fixture died/);
      assert.equal(heard[1], 'recovered');
      await worker.close();
    });
  }

  test('from outside, while it is asked a hundred times: each is answered or told, at once', async () => {
    const threads = watchThreads();
    const worker = start({ restart: QUICK });
    await worker.opened;
    const asked = Promise.allSettled(Array.from({ length: 100 }, (_, k) => worker.ask('echo', k)));
    await threads.terminateYoungest();
    for (const [k, outcome] of (await asked).entries()) {
      if (outcome.status === 'fulfilled') assert.equal(outcome.value, k);
      else assert.ok(outcome.reason instanceof ThreadDied);
    }
    assert.equal(worker.state, 'recovering');
    await assert.rejects(worker.ask('echo', 1), ThreadDied);
    await until(() => worker.state === 'ready', 'the restart');
    await worker.close();
    assert.equal(threads.alive.length, 0);
    threads.stop();
  });

  test('without a pace stays dead, and says so for ever', async () => {
    const deaths: Error[] = [];
    const worker = start({ onDeath: (death) => deaths.push(death) });
    await assert.rejects(worker.ask('end', 'exit'), ThreadDied);
    assert.equal(worker.state, 'dead');
    await assert.rejects(worker.ask('echo', 1), { why: 'it ended with code 3' });
    assert.equal(deaths.length, 1);
    await worker.close();
  });

  test('before it opened is told by `opened` alone: by its own words, or by its end', async () => {
    const missing = join(folder, 'never');
    const deaths: Error[] = [];
    const onDeath = (death: Error) => deaths.push(death);
    const worker = start({ restart: QUICK, onDeath, setup: { onlyWith: missing } });
    const asked = worker.ask('echo', 1);
    await assert.rejects(worker.opened, { code: 'INDEX_MISSING', detail: `${missing} is missing.` });
    await assert.rejects(asked, ThreadDied);
    assert.equal(worker.state, 'dead');
    const exits = start({ restart: QUICK, onDeath, setup: { exitAtOnce: true } });
    await assert.rejects(exits.opened, { name: 'ThreadDied', why: 'it ended with code 4' });
    await Promise.all([worker.close(), exits.close()]);
    assert.deepEqual(deaths, []);
  });

  test('and cannot open again is tried again, and told each time, until it can', async () => {
    const file = join(folder, 'there');
    await writeFile(file, '');
    const deaths: string[] = [];
    const worker = start({
      restart: QUICK,
      setup: { onlyWith: file },
      onDeath: (death) => deaths.push(death.message),
    });
    await worker.opened;
    await rm(file);
    await assert.rejects(worker.ask('end', 'exit'), ThreadDied);
    await until(() => deaths.length >= 3, 'two failed restarts');
    assert.match(deaths[2] ?? '', /there is missing/);
    assert.equal(worker.state, 'recovering');
    await writeFile(file, '');
    await until(() => worker.state === 'ready', 'the file to be seen');
    assert.equal(await worker.ask('echo', 1), 1);
    await worker.close();
  });

  test('and is closed before its restart stays closed', async () => {
    const threads = watchThreads();
    const worker = start({ restart: { ...QUICK, firstDelayMs: 30, longestDelayMs: 30 } });
    await assert.rejects(worker.ask('end', 'exit'), ThreadDied);
    await worker.close();
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual([worker.state, threads.alive.length], ['closed', 0]);
    threads.stop();
  });
});

test('restarts are few: the wait doubles to its bound and old restarts are forgotten', () => {
  let now = 0;
  const pacer = new Pacer(RESTART_PACE, () => now);
  const waits: number[] = [];
  let starts = 0;
  for (let k = 0; now < 60_000; k++) {
    const wait = pacer.nextDelayMs();
    if (k < 7) waits.push(wait);
    now += wait;
    starts++;
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3000, 3000]);
  assert.ok(starts <= 25, `${starts} starts in a minute`);
  now += 60_000;
  assert.equal(pacer.nextDelayMs(), 100);
});
