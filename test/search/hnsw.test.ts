// What is particular to the graph: its thread, its files, its two ways to search among allowed rows.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { sha256OfFile } from '../../src/files/index.js';
import { seededRandom } from '../../src/random/index.js';
import {
  buildHnswGraph,
  type Descriptors,
  ExactIndex,
  measureRecall,
  ThreadedIndex,
} from '../../src/search/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-hnsw-'));
after(() => rm(folder, { recursive: true, force: true }));

function unitVectors(count: number, dimensions: number, seed: number): Descriptors {
  const random = seededRandom(seed);
  const data = new Float32Array(new SharedArrayBuffer(count * dimensions * 4));
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) vector[i] = random() - 0.5;
    const norm = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count, dimensions, data };
}

/** Searches through the graph alone. */
const openGraph = (path: string, descriptors: Descriptors, efSearch: number) =>
  ThreadedIndex.open({ kind: 'hnsw', path, descriptors, efSearch, exactProducts: 0 });

const graph = { m: 16, efConstruction: 100, seed: 1 };

test('building, loading and searching leave the event loop free', async () => {
  const many = unitVectors(10_000, 128, 3);
  const path = join(folder, 'many.hnsw');
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const progress: number[] = [];
  delay.enable();
  const started = performance.now();
  await buildHnswGraph(many, graph, path, (done) => progress.push(done));
  const index = await openGraph(path, many, 64);
  const query = many.data.slice(0, 128);
  await Promise.all(Array.from({ length: 100 }, () => index.search(query, 100)));
  const busyMs = performance.now() - started;
  delay.disable();
  await index.close();
  assert.equal(progress.at(-1), many.count);
  assert.ok(busyMs > 200, `the worker was busy for ${busyMs} ms`);
  assert.ok(delay.max / 1e6 < busyMs / 3, `the loop stalled for ${delay.max / 1e6} of ${busyMs} ms`);
});

test('a filtered graph search gives allowed rows alone, as good as exact search, and as many as asked for', async () => {
  const many = unitVectors(3000, 16, 5);
  const path = join(folder, 'filtered.hnsw');
  await buildHnswGraph(many, graph, path);
  const index = await openGraph(path, many, 128);
  const exact = new ExactIndex(many);
  let found = 0;
  for (let q = 0; q < 30; q++) {
    const query = many.data.slice(q * 16, (q + 1) * 16);
    const step = 1 + (q % 7);
    const allowed = Uint32Array.from({ length: Math.floor(2900 / step) }, (_, i) => 50 + i * step);
    const hits = await index.search(query, 10, allowed);
    const truth = new Set((await exact.search(query, 10, allowed)).map(({ row }) => row));
    assert.equal(hits.length, 10);
    assert.ok(hits.every(({ row }) => allowed.includes(row)));
    found += hits.filter(({ row }) => truth.has(row)).length;
  }
  assert.ok(found >= 0.95 * 300, `${found} of 300`);
  // More than a beam holds: complete all the same.
  const half = Uint32Array.from({ length: 1500 }, (_, i) => i * 2);
  assert.equal((await index.search(many.data.slice(0, 16), 2000, half)).length, 1500);
  await index.close();
});

test('the same seed makes the same file; recall is measured, and low where the graph is poor', async () => {
  const small = unitVectors(1500, 32, 9);
  const paths = ['a', 'b', 'poor'].map((name) => join(folder, `${name}.hnsw`));
  const [a = '', b = '', poor = ''] = paths;
  await buildHnswGraph(small, { m: 16, efConstruction: 100, seed: 1 }, a);
  await buildHnswGraph(small, { m: 16, efConstruction: 100, seed: 1 }, b);
  assert.equal(await sha256OfFile(a), await sha256OfFile(b));
  const good = await openGraph(a, small, 128);
  const first = await measureRecall(good, small, { seed: 4, queries: 60 });
  assert.deepEqual(await measureRecall(good, small, { seed: 4, queries: 60 }), first);
  await good.close();
  assert.ok(first.at1 > 0.95 && first.at10 > 0.95, JSON.stringify(first));
  await buildHnswGraph(small, { m: 2, efConstruction: 2, seed: 1 }, poor);
  const bad = await openGraph(poor, small, 1);
  const low = await measureRecall(bad, small, { seed: 4, queries: 60 });
  await bad.close();
  assert.ok(low.at10 < 0.8, JSON.stringify(low));
  const exact = new ExactIndex(small);
  const perfect = await measureRecall(exact, small, { seed: 4, queries: 20 });
  assert.deepEqual([perfect.at1, perfect.at10], [1, 1]);
});

test('a file that is no graph, or one of other descriptors, is refused', async () => {
  const small = unitVectors(50, 8, 2);
  const path = join(folder, 'small.hnsw');
  await buildHnswGraph(small, graph, path);
  const fewer = { ...small, count: 49, data: small.data.slice(0, 49 * 8) };
  await assert.rejects(openGraph(path, fewer, 64), { code: 'INDEX_CORRUPT', message: /50 vectors.*49/ });
  await assert.rejects(openGraph(join(folder, 'none.hnsw'), small, 64), { code: 'INDEX_CORRUPT' });
  await writeFile(path, 'no graph');
  await assert.rejects(openGraph(path, small, 64), { code: 'INDEX_CORRUPT' });
});

test('searches that wait when an index is closed are answered or refused, never forgotten', async () => {
  const small = unitVectors(200, 8, 2);
  const path = join(folder, 'closing.hnsw');
  await buildHnswGraph(small, graph, path);
  const index = await openGraph(path, small, 64);
  const query = small.data.slice(0, 8);
  const waiting = Array.from({ length: 20 }, () => index.search(query, 5));
  const closed = index.close();
  for (const outcome of await Promise.allSettled(waiting)) {
    if (outcome.status === 'fulfilled') assert.equal(outcome.value[0]?.row, 0);
    else assert.equal(outcome.reason.code, 'NOT_READY');
  }
  await closed;
});
