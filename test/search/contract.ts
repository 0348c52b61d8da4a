// What every index keeps, held against a plain double-precision scan. A new one calls indexContract from its own test file.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type DescriptorPrecision,
  type Descriptors,
  roundTo,
  type VectorIndex,
} from '../../src/search/index.js';
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

/** What the contract opens indexes of, as it is before it is rounded. */
export function storedVectors(): Descriptors {
  const stored = unitVectors(COUNT, 7);
  stored.data.copyWithin(5 * DIMENSIONS, 3 * DIMENSIONS, 4 * DIMENSIONS); // rows 3 and 5 tie
  return stored;
}

const queries = unitVectors(20, 99);
const NO_PAIRS = { looks: new Uint32Array(), rows: new Uint32Array() };
const ONE_PAIR = { looks: Uint32Array.of(0), rows: Uint32Array.of(1) };
const rowOf = (set: Descriptors, row: number) => set.data.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);

/** `precision`: in which it keeps what it is given, where that is not as it is. */
export function indexContract(
  name: string,
  { open, lose }: IndexUnderTest,
  precision: DescriptorPrecision = 'f32',
): void {
  const stored = storedVectors();
  roundTo(precision, stored.data, DIMENSIONS);
  const cosine = (row: number, query: Float32Array) =>
    rowOf(stored, row).reduce((sum, x, i) => sum + x * (query[i] as number), 0);
  const truth = (query: Float32Array, k: number, allowed?: Uint32Array): number[] =>
    (allowed ? [...allowed] : Array.from({ length: COUNT }, (_, row) => row))
      .map((row) => ({ row, score: cosine(row, query) }))
      .sort((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, k)
      .map(({ row }) => row);
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
        const itself = Math.min(1, cosine(5, rowOf(stored, 5)));
        assert.ok(Math.abs((tie[0]?.score ?? 0) - itself) < 1e-6 && (tie[0]?.score ?? 2) <= 1);
        assert.equal((await index.search(rowOf(queries, 0), COUNT + 50)).length, COUNT);
        assert.deepEqual(await index.search(rowOf(queries, 0), 3, new Uint32Array()), []);
      });
    });

    test('by several looks each row counts with its best cosine', async () => {
      await withIndex(async (index) => {
        const asked = Array.from({ length: 13 }, (_, k) => rowOf(queries, k));
        const bestOf = (row: number) => Math.max(...asked.map((query) => cosine(row, query)));
        for (const allowed of [undefined, Uint32Array.of(1, 3, 5, 8, 400, 599)]) {
          const rows = allowed ? [...allowed] : Array.from({ length: COUNT }, (_, row) => row);
          const expected = rows.sort((a, b) => bestOf(b) - bestOf(a) || a - b).slice(0, 7);
          const hits = await index.searchLooks(asked, 7, allowed);
          const found = hits.filter(({ row }) => expected.includes(row)).length;
          assert.ok(found >= (allowed ? expected.length : 6), `${found} of ${expected.length}`);
          for (const { row, score } of hits) assert.ok(Math.abs(score - bestOf(row)) < 1e-6);
          assert.ok(hits.every((hit, i) => i === 0 || (hits[i - 1]?.score ?? 0) >= hit.score));
        }
        assert.deepEqual(await index.searchLooks(asked.slice(0, 2), 3, new Uint32Array()), []);
      });
    });

    test('the cosines of some pairs are exact', async () => {
      await withIndex(async (index) => {
        const rows = Uint32Array.of(3, 17, 599, 17);
        const asked = [rowOf(queries, 0), rowOf(queries, 1)];
        const looks = Uint32Array.of(0, 1, 1, 0);
        const cosines = await index.cosines(asked, { looks, rows });
        rows.forEach((row, i) => {
          const expected = cosine(row, asked[looks[i] as number] as Float32Array);
          assert.ok(Math.abs((cosines[i] ?? 9) - expected) < 1e-6);
        });
        // A lattice of looks asks with 9, 25 or 49; each gets the same bits in whatever company it is.
        for (const many of [9, 12, 25, 49]) {
          const company = Array.from({ length: many }, (_, k) => rowOf(queries, k % 2));
          const pairs = Array.from({ length: 40 * many }, (_, i) => [i % many, i % 4] as const).filter(
            ([k, i]) => k % 2 === looks[i],
          );
          const together = await index.cosines(company, {
            looks: Uint32Array.from(pairs, ([k]) => k),
            rows: Uint32Array.from(pairs, ([, i]) => rows[i] as number),
          });
          assert.deepEqual(
            together,
            Float32Array.from(pairs, ([, i]) => cosines[i] as number),
          );
        }
        assert.equal((await index.cosines(asked, NO_PAIRS)).length, 0);
        for (const [look, row] of [
          [2, 0],
          [0, COUNT],
        ] as const) {
          const pairs = { looks: Uint32Array.of(look), rows: Uint32Array.of(row) };
          await assert.rejects(index.cosines(asked, pairs), { code: 'INTERNAL', message: /are? no pair/ });
        }
        const uneven = { looks: Uint32Array.of(0, 1), rows: Uint32Array.of(1) };
        await assert.rejects(index.cosines(asked, uneven), { code: 'INTERNAL' });
      });
    });

    test('the row most alike is named by its place among those asked for', async () => {
      await withIndex(async (index) => {
        // Rows 3 and 5 tie: the first is named.
        const rows = Uint32Array.from({ length: 300 }, (_, i) => 2 * i + 1);
        const asked = Array.from({ length: 49 }, (_, k) =>
          rowOf(k === 7 ? stored : queries, k === 7 ? 5 : k % 20),
        );
        const places = await index.mostAlike(asked, rows);
        assert.equal(places.length, asked.length);
        for (const [k, query] of asked.entries()) {
          assert.equal(rows[places[k] as number], truth(query, 1, rows)[0]);
        }
        await assert.rejects(index.mostAlike(asked, new Uint32Array()), {
          code: 'INTERNAL',
          message: /no rows/,
        });
        await assert.rejects(index.mostAlike(asked, Uint32Array.of(COUNT)), { code: 'INTERNAL' });
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
          await assert.rejects(index.cosines([good, query], ONE_PAIR), { code: 'INTERNAL' }, what);
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
      await assert.rejects(index.cosines([rowOf(queries, 0)], ONE_PAIR), { code: 'NOT_READY' });
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
          index.cosines([query], ONE_PAIR),
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
        await assert.rejects(index.cosines([query], ONE_PAIR), { code: 'RECOVERING' });
        await until(() => index.state === 'ready', 'the index to come back');
        assert.equal((await index.search(query, 1))[0]?.row, best);
        assert.deepEqual(heard, ['death', 'recovered']);
      }, events);
    });
  });
}
