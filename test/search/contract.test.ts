// Every index adapter passes the same contract, held against a plain double-precision scan.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  buildHnswGraph,
  type Descriptors,
  ExactIndex,
  HnswIndex,
  type VectorIndex,
} from '../../src/search/index.js';

const COUNT = 600;
const DIMENSIONS = 24;

function unitVectors(count: number, seed: number): Descriptors {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const data = Float32Array.from({ length: count * DIMENSIONS }, random);
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const norm = Math.hypot(...vector);
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count, dimensions: DIMENSIONS, data };
}

const stored = unitVectors(COUNT, 7);
stored.data.copyWithin(5 * DIMENSIONS, 3 * DIMENSIONS, 4 * DIMENSIONS); // rows 3 and 5 tie
const queries = unitVectors(20, 99);
const rowOf = (set: Descriptors, row: number) => set.data.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);

function truth(query: Float32Array, k: number, allowed?: Uint32Array): number[] {
  const rows = allowed ? [...allowed] : Array.from({ length: COUNT }, (_, row) => row);
  const score = (row: number) => rowOf(stored, row).reduce((sum, x, i) => sum + x * (query[i] as number), 0);
  return rows
    .map((row) => ({ row, score: score(row) }))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k)
    .map(({ row }) => row);
}

const folder = await mkdtemp(join(tmpdir(), 'skyfix-search-'));
after(() => rm(folder, { recursive: true, force: true }));

const adapters: Record<string, () => Promise<VectorIndex>> = {
  exact: async () => new ExactIndex(stored),
  hnsw: async () => {
    const path = join(folder, 'graph.hnsw');
    await buildHnswGraph(stored, { m: 16, efConstruction: 200, seed: 1 }, path);
    return await HnswIndex.open(path, stored, 128);
  },
};

for (const [name, open] of Object.entries(adapters)) {
  test(`${name}: contract`, async () => {
    const index = await open();
    try {
      let found = 0;
      for (let q = 0; q < queries.count; q++) {
        const query = rowOf(queries, q);
        const hits = await index.search(query, 10);
        assert.equal(hits.length, 10);
        assert.ok(hits.every((hit, i) => i === 0 || (hits[i - 1]?.score ?? 0) >= hit.score));
        const expected = truth(query, 10);
        found += hits.filter((hit) => expected.includes(hit.row)).length;
        const allowed = Uint32Array.from({ length: 50 }, (_, i) => i * 7 + q);
        assert.deepEqual(
          (await index.search(query, 5, allowed)).map((hit) => hit.row),
          truth(query, 5, allowed),
        );
      }
      const rows = Uint32Array.of(3, 17, 599);
      const asked = [rowOf(queries, 0), rowOf(queries, 1)];
      const similarities = await index.similarities(asked, rows);
      asked.forEach((query, q) => {
        rows.forEach((row, i) => {
          const exact = rowOf(stored, row).reduce((sum, x, at) => sum + x * (query[at] as number), 0);
          assert.ok(Math.abs((similarities[q]?.[i] ?? 9) - exact) < 1e-6);
        });
      });
      await assert.rejects(index.similarities([new Float32Array(3)], rows), { code: 'PARAMETER_INVALID' });
      assert.ok(found >= 0.97 * 200, `recall@10 is ${found / 200}`);
      const tie = await index.search(rowOf(stored, 5), 2);
      assert.deepEqual(
        tie.map((hit) => hit.row),
        [3, 5],
      );
      assert.ok(Math.abs((tie[0]?.score ?? 0) - 1) < 1e-5 && (tie[0]?.score ?? 2) <= 1);
      assert.equal((await index.search(rowOf(queries, 0), COUNT + 50)).length, COUNT);
      assert.deepEqual(await index.search(rowOf(queries, 0), 3, new Uint32Array()), []);
      assert.ok((await index.search(new Float32Array(DIMENSIONS), 3)).every((hit) => hit.score === 0));
      await assert.rejects(index.search(new Float32Array(3), 3), { code: 'PARAMETER_INVALID' });
      await assert.rejects(index.search(rowOf(queries, 0), 0), { code: 'PARAMETER_INVALID' });
    } finally {
      await index.close();
    }
    await assert.rejects(index.search(rowOf(queries, 0), 1), { code: 'NOT_READY' });
    await assert.rejects(index.similarities([rowOf(queries, 0)], Uint32Array.of(1)), { code: 'NOT_READY' });
  });
}
