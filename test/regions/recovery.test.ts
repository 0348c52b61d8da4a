// Threads of networks and graphs end while a server answers: refusals that say "later", health that tells the truth, and
// the same answers again within seconds.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { loadBundle } from '../../src/bundles/index.js';
import { NetworkPool, type RegionPart, RegionService } from '../../src/regions/index.js';
import { testConfig } from '../support/fake-regions.js';
import { type ThreadWatch, until, watchThreads } from '../support/threads.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  withTemporaryFolder,
  writeTinyBundle,
} from '../support/tiny-region.js';

/** The order in which a region opens its threads. */
const THREAD_OF: Readonly<Record<RegionPart, number>> = { index: 0, encoder: 1, generator: 2 };

interface House {
  readonly dataDir: string;
  readonly threads: ThreadWatch;
  readonly regions: RegionService;
  readonly app: FastifyInstance;
  readonly events: readonly string[];
}

async function withHouse(use: (house: House) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (dataDir) => {
    await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1' });
    const threads = watchThreads();
    const events: string[] = [];
    const onPart = (part: RegionPart, death?: Error) => events.push(`${part} ${death ? 'died' : 'is back'}`);
    const regions = await RegionService.open(dataDir, { threads: 1, onPart });
    const app = await buildApp({ config: testConfig(), regions });
    try {
      await use({ dataDir, threads, regions, app, events });
    } finally {
      await app.close();
      await regions.close();
      threads.stop();
    }
  });
}

async function metric(app: FastifyInstance, line: string): Promise<number> {
  const { body } = await app.inject('/metrics');
  const found = body.split('\n').find((text) => text.startsWith(`${line} `));
  assert.ok(found, `${line} is not in /metrics`);
  return Number(found.slice(line.length + 1));
}

for (const part of ['encoder', 'generator', 'index'] as const) {
  test(`the thread of the ${part} ends under requests`, async () => {
    const payload = await pngOf(noisePanorama(3));
    await withHouse(async ({ app, regions, threads, events }) => {
      const locate = () =>
        app.inject({
          method: 'POST',
          url: '/locate?headingDeg=0',
          payload,
          headers: { 'content-type': 'image/png' },
        });
      assert.equal((await locate()).json().results[0].tile, 'place-3');
      let asking = true;
      const statuses = new Map<number, number>();
      const client = async () => {
        while (asking) {
          // Injected requests that are refused at once would leave no turn to anything else.
          await nextTurn();
          const answer = await locate();
          statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
          if (answer.statusCode === 200) assert.equal(answer.json().results[0].tile, 'place-3');
          else {
            assert.equal(answer.json().code, 'RECOVERING');
            assert.equal(answer.headers['retry-after'], '1');
          }
        }
      };
      const clients = [client(), client()];
      await threads.crash(threads.alive[THREAD_OF[part]]);
      const { statusCode, json } = await app.inject('/readyz');
      assert.deepEqual([statusCode, json().code], [503, 'RECOVERING']);
      assert.match(json().detail, new RegExp(`town waits for its ${part}`));
      assert.deepEqual(regions.health(), [
        { region: 'town', ready: false, recovering: [part], reason: `${part} being opened again` },
      ]);
      const [summary] = (await app.inject('/regions')).json().regions;
      assert.deepEqual([summary.ready, summary.reason], [false, `${part} being opened again`]);
      assert.equal(await metric(app, 'skyfix_ready'), 0);
      const died = performance.now();
      await until(() => regions.ready, 'the part to come back');
      assert.ok(performance.now() - died < 5000);
      asking = false;
      await Promise.all(clients);
      assert.deepEqual((await locate()).json().results[0].tile, 'place-3');
      assert.deepEqual((await app.inject('/readyz')).json(), {
        status: 'ready',
        regions: ['town'],
        recovering: [],
        reasons: [],
      });
      assert.ok([...statuses.keys()].every((status) => status === 200 || status === 503));
      assert.ok((statuses.get(503) ?? 0) > 0, 'some request met the gap');
      assert.equal(await metric(app, 'skyfix_ready'), 1);
      assert.equal(await metric(app, `skyfix_worker_deaths_total{part="${part}"}`), 1);
      assert.equal(await metric(app, `skyfix_worker_restarts_total{part="${part}"}`), 1);
      assert.deepEqual(events, [`${part} died`, `${part} is back`]);
    });
  });
}

test('where the one graph of both networks is away, answers go on by the two', async () => {
  const payload = await pngOf(noisePanorama(3));
  await withHouse(async ({ app, regions, threads, events }) => {
    const locate = async () => {
      const headers = { 'content-type': 'image/png' };
      const answer = await app.inject({ method: 'POST', url: '/locate?headingDeg=0', payload, headers });
      return { status: answer.statusCode, ...answer.json() };
    };
    const before = await locate();
    assert.equal(before.timingsMs.generate, 0, 'both in one step');
    const after = Math.max(...Object.values(THREAD_OF)) + 1;
    await threads.crash(threads.alive[after]);
    assert.deepEqual(events, ['encoder died']);
    assert.equal(regions.ready, true);
    const meanwhile = await locate();
    assert.ok(meanwhile.timingsMs.generate > 0, 'one after the other');
    assert.deepEqual([meanwhile.status, meanwhile.results[0].tile], [before.status, before.results[0].tile]);
    await until(() => events.length === 2, 'it to come back');
    assert.deepEqual([(await locate()).status, events[1]], [200, 'encoder is back']);
  });
});

test('a reload while a network is away gets networks that answer', async () => {
  await withHouse(async ({ regions, threads }) => {
    await threads.crash(threads.alive[THREAD_OF.generator]);
    assert.throws(() => regions.acquire(), { code: 'RECOVERING', message: /waits for its generator/ });
    await regions.reload('town');
    assert.deepEqual(
      regions.health().map(({ ready }) => ready),
      [true],
    );
    regions.acquire().release();
    assert.equal(regions.networksLoaded, 1);
  });
});

test('one region recovers, the other answers and the server stays ready', async () => {
  await withHouse(async ({ dataDir, app, regions, threads }) => {
    await publishTinyVersion(dataDir, 'village', { indexVersion: 'v1' });
    await regions.reload('village');
    // The graph of the first region: the networks are shared.
    await threads.crash(threads.alive[THREAD_OF.index]);
    assert.equal(regions.ready, true);
    regions.acquire('village').release();
    assert.throws(() => regions.acquire('town'), { code: 'RECOVERING' });
    const ready = await app.inject('/readyz');
    assert.deepEqual(ready.json(), {
      status: 'ready',
      regions: ['village'],
      recovering: ['town'],
      reasons: ['town: index being opened again'],
    });
    await until(() => regions.health().every((health) => health.ready), 'the graph to come back');
  });
});

describe('the pool', () => {
  test('never hands out networks of which one is away; their holders keep them and release them', async () => {
    await withTemporaryFolder(async (dir) => {
      await writeTinyBundle(dir);
      const bundle = await loadBundle(dir);
      const threads = watchThreads();
      const pool = new NetworkPool({ threads: 1 });
      const first = await pool.acquire(bundle);
      assert.equal((await pool.acquire(bundle)).networks, first.networks);
      await threads.crashYoungest();
      const fresh = await pool.acquire(bundle);
      assert.notEqual(fresh.networks, first.networks);
      assert.equal(fresh.networks.encoder.state, 'ready');
      await until(() => first.networks.generator?.state === 'ready', 'the first pair to come back');
      await first.release();
      await first.release();
      assert.equal(pool.count, 1, 'the fresh pair is the one that is shared now');
      assert.equal((await pool.acquire(bundle)).networks, fresh.networks);
      threads.stop();
    });
  });
});
