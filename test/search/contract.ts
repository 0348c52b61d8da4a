// What every index keeps, held against a plain double-precision scan. A new one calls indexContract from its own test file.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Descriptors, VectorIndex } from '../../src/search/index.js';
import type { LifeEvents } from '../../src/threads/index.js';
import { until } from '../support/threads.js';

const COUNT = 600;
const DIMENSIONS = 24;

export interface IndexUnderTest {
  open(descriptors: Descriptors, events: LifeEvents): Promise<VectorIndex>;
  /** Takes away what searches in the index opened last, as a crash would. Absent where nothing can be lost. */
  lose?(): Promise<void>;
}

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

function cosine(row: number, query: Float32Array): number {
  return rowOf(stored, row).reduce((sum, x, i) => sum + x * (query[i] as number), 0);
}

function truth(query: Float32Array, k: number, allowed?: Uint32Array): number[] {
  const rows = allowed ? [...allowed] : Array.from({ length: COUNT }, (_, row) => row);
  return rows
    .map((row) => ({ row, score: cosine(row, query) }))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k)
    .map(({ row }) => row);
}

export function indexContract(name: string, { open, lose }: IndexUnderTest): void {
  const withIndex = async (use: (index: VectorIndex) => Promise<void>, events: LifeEvents = {}) => {
    const index = await open(stored, events);
    try {
      await use(index);
    } finally {
      await index.close();
    }
  };

  describe(`${name} keeps the contract of indexes`, () => {
    test('the best rows come first, of all or of those allowed', async () => {
      await withIndex(async (index) => {
        assert.deepEqual([index.count, index.dimensions, index.state], [COUNT, DIMENSIONS, 'ready']);
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
        assert.ok(found >= 0.97 * 200, `recall@10 is ${found / 200}`);
        const tie = await index.search(rowOf(stored, 5), 2);
        assert.deepEqual(
          tie.map((hit) => hit.row),
          [3, 5],
        );
        assert.ok(Math.abs((tie[0]?.score ?? 0) - 1) < 1e-5 && (tie[0]?.score ?? 2) <= 1);
        assert.equal((await index.search(rowOf(queries, 0), COUNT + 50)).length, COUNT);
        assert.deepEqual(await index.search(rowOf(queries, 0), 3, new Uint32Array()), []);
      });
    });

    test('the similarities of some rows are exact', async () => {
      await withIndex(async (index) => {
        const rows = Uint32Array.of(3, 17, 599);
        const asked = [rowOf(queries, 0), rowOf(queries, 1)];
        const similarities = await index.similarities(asked, rows);
        asked.forEach((query, q) => {
          rows.forEach((row, i) => {
            assert.ok(Math.abs((similarities[q]?.[i] ?? 9) - cosine(row, query)) < 1e-6);
          });
        });
        // A lattice of looks asks with 9, 25 or 49; each gets the same bits in whatever company it is.
        for (const many of [9, 12, 25, 49]) {
          const company = Array.from({ length: many }, (_, k) => rowOf(queries, k % 2));
          const together = await index.similarities(company, rows);
          together.forEach((row, k) => {
            assert.deepEqual(row, similarities[k % 2]);
          });
        }
        const none = await index.similarities(asked, new Uint32Array());
        assert.deepEqual(
          none.map(({ length }) => length),
          [0, 0],
        );
      });
    });

    test('a query that no encoder should make is an error of ours, never of whoever asks', async () => {
      await withIndex(async (index) => {
        const good = rowOf(queries, 0);
        const bad = {
          short: new Float32Array(3),
          NaN: good.with(4, Number.NaN),
          infinite: good.with(4, Number.NEGATIVE_INFINITY),
          zero: new Float32Array(DIMENSIONS),
          long: good.map((value) => 2 * value),
        };
        for (const [what, query] of Object.entries(bad)) {
          await assert.rejects(index.search(query, 3), { code: 'INTERNAL' }, what);
          await assert.rejects(
            index.similarities([good, query], Uint32Array.of(1)),
            { code: 'INTERNAL' },
            what,
          );
        }
        await assert.rejects(index.search(good, 0), { code: 'INTERNAL', message: /k is 0/ });
        await assert.rejects(index.search(good, 1.5), { code: 'INTERNAL', message: /k is 1\.5/ });
        assert.equal((await index.search(good, 1)).length, 1);
      });
    });

    test('a closed one refuses', async () => {
      const index = await open(stored, {});
      const waiting = index.search(rowOf(queries, 0), 1);
      await Promise.all([index.close(), index.close()]);
      assert.equal((await waiting).length, 1, 'what was asked is answered');
      assert.equal(index.state, 'closed');
      await assert.rejects(index.search(rowOf(queries, 0), 1), { code: 'NOT_READY' });
      await assert.rejects(index.similarities([rowOf(queries, 0)], Uint32Array.of(1)), { code: 'NOT_READY' });
    });

    if (!lose) return;
    test('when it dies all that waits is told, its owner hears of it, and it comes back', async () => {
      const heard: string[] = [];
      const events = { onDeath: () => heard.push('death'), onRecovered: () => heard.push('recovered') };
      await withIndex(async (index) => {
        const query = rowOf(queries, 0);
        const [best] = truth(query, 1);
        const ask = () => [
          ...Array.from({ length: 20 }, () => index.search(query, 3)),
          index.similarities([query], Uint32Array.of(1)),
        ];
        const before = ask();
        const gone = lose();
        const asked = Promise.allSettled([...before, ...ask()]);
        await gone;
        for (const outcome of await asked) {
          if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'RECOVERING');
        }
        assert.ok((await asked).some(({ status }) => status === 'rejected'));
        assert.equal(index.state, 'recovering');
        await assert.rejects(index.search(query, 1), { code: 'RECOVERING' });
        await assert.rejects(index.similarities([query], Uint32Array.of(1)), { code: 'RECOVERING' });
        await until(() => index.state === 'ready', 'the index to come back');
        assert.equal((await index.search(query, 1))[0]?.row, best);
        assert.deepEqual(heard, ['death', 'recovered']);
      }, events);
    });
  });
}
