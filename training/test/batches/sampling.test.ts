// The order of batches: properties over random places and look-alikes, and mining against a plain loop.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { makeRng } from 'skyfix/random';
import { EpochSampler } from '../../batches/epoch-sampler.js';
import { minedNeighbours } from '../../batches/mined-neighbours.js';
import { epochBatches, mixedBatch } from '../../batches/sampling.js';
import { tf } from '../../runtime/tf.js';

const range = (count: number) => Array.from({ length: count }, (_, k) => k);

/** For each row those of its place, itself included. */
const rowsOfPlace = (placeOf: readonly number[]): number[][] =>
  placeOf.map((place) => range(placeOf.length).filter((row) => placeOf[row] === place));

/** For each row the others that it shares a place with: symmetric, but not transitive. */
const relation = (count: number) =>
  fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 2 * count }).map((edges) => {
    const same = range(count).map(() => new Set<number>());
    for (const [a, b] of edges) {
      same[a]?.add(b);
      same[b]?.add(a);
    }
    return same.map((rows) => [...rows]);
  });

/** Whether two rows of a batch are of one place. */
const meet = (rows: readonly number[], same: readonly (readonly number[])[]): boolean =>
  rows.some((a, k) => rows.some((b, m) => m !== k && same[a]?.includes(b)));

/** Rows with places, look-alikes (also of the same place, also itself) and a batch size. */
const situation = fc
  .record({ count: fc.integer({ min: 1, max: 60 }), places: fc.integer({ min: 1, max: 40 }) })
  .chain(({ count, places }) =>
    fc.record({
      count: fc.constant(count),
      batch: fc.integer({ min: 1, max: 20 }),
      placeOf: fc.array(fc.nat(places - 1), { minLength: count, maxLength: count }),
      lists: fc.array(fc.array(fc.nat(count - 1), { maxLength: 10 }), { minLength: count, maxLength: count }),
      groupSize: fc.integer({ min: 1, max: 8 }),
      hardestShare: fc.constantFrom(0, 0.5, 1),
      range: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(1000),
      epoch: fc.nat(50),
    }),
  );

describe('the batches of an epoch', () => {
  test('no row twice in an epoch, no place twice in a batch, all full, the same for the same seed', () => {
    fc.assert(
      fc.property(situation, ({ count, batch, placeOf, seed, epoch, ...neighbours }) => {
        const options = { count, batch, same: rowsOfPlace(placeOf), neighbours, seed, epoch };
        const batches = epochBatches(options);
        const rows = batches.flat();
        assert.equal(new Set(rows).size, rows.length);
        assert.ok(rows.length > 0 && rows.every((row) => row >= 0 && row < count));
        for (const one of batches) {
          assert.equal(new Set(one.map((row) => placeOf[row])).size, one.length);
          assert.ok(one.length === batch || batches.length === 1);
        }
        // What is left over could not have filled one more batch: too few places among it.
        const left = range(count).filter((row) => !rows.includes(row));
        const target = batches[0]?.length ?? 0;
        if (target === batch) assert.ok(new Set(left.map((row) => placeOf[row])).size < batch);
        assert.deepEqual(epochBatches(options), batches);
      }),
    );
  });

  test('rows of one place never share one, also where places are not transitive; none waits without need', () => {
    const related = situation.chain((s) => fc.record({ s: fc.constant(s), same: relation(s.count) }));
    fc.assert(
      fc.property(related, ({ s: { count, batch, seed, epoch, placeOf: _, ...neighbours }, same }) => {
        const batches = epochBatches({ count, batch, same, neighbours, seed, epoch });
        const rows = batches.flat();
        assert.equal(new Set(rows).size, rows.length);
        for (const one of batches) {
          assert.ok(one.length === batch || batches.length === 1);
          assert.ok(!meet(one, same), one.join());
        }
        // Only one batch, and it is not full: every row left over is of the place of one that is in it.
        const [only = []] = batches;
        const left = range(count).filter((row) => !rows.includes(row));
        if (only.length < batch) assert.ok(left.every((row) => meet([row, ...only], same)));
      }),
    );
  });

  test('without places and look-alikes it is a shuffle, another one in every epoch', () => {
    const batches = epochBatches({ count: 50, batch: 8, seed: 1, epoch: 0 });
    assert.deepEqual(
      batches.map((rows) => rows.length),
      [8, 8, 8, 8, 8, 8],
    );
    assert.notDeepEqual(batches, epochBatches({ count: 50, batch: 8, seed: 1, epoch: 1 }));
    assert.notDeepEqual(batches, epochBatches({ count: 50, batch: 8, seed: 2, epoch: 0 }));
    assert.deepEqual(
      epochBatches({ count: 5, batch: 8, seed: 1, epoch: 0 }).map((rows) => rows.length),
      [5],
    );
  });

  test('look-alikes come in groups: rows of six clusters, groups of three', () => {
    const lists = range(36).map((row) => range(36).filter((o) => o !== row && o % 6 === row % 6));
    const neighbours = { lists, groupSize: 3, hardestShare: 0 };
    const batches = epochBatches({ count: 36, batch: 12, neighbours, seed: 3, epoch: 0 });
    assert.equal(batches.length, 3);
    for (const rows of batches) {
      for (let k = 0; k < 12; k += 3)
        assert.equal(new Set(rows.slice(k, k + 3).map((row) => row % 6)).size, 1);
    }
  });

  test('the hardest neighbours come always, the others are drawn from the range', () => {
    // One batch whose first row is any of 100; its list is the rows after it.
    const lists = range(100).map((row) => range(40).map((k) => (row + 1 + k) % 100));
    const drawn = new Set<number>();
    for (let epoch = 0; epoch < 60; epoch++) {
      const neighbours = { lists, groupSize: 7, range: 20 };
      const [rows = []] = epochBatches({ count: 100, batch: 7, neighbours, seed: 5, epoch });
      const steps = rows.map((row) => (row - (rows[0] ?? 0) + 100) % 100);
      assert.deepEqual(steps.slice(0, 4), [0, 1, 2, 3]);
      assert.ok(steps.slice(4).every((s) => s >= 4 && s <= 20));
      for (const s of steps.slice(4)) drawn.add(s);
    }
    assert.equal(drawn.size, 17); // 4 to 20
  });

  test('a row that shares its place with the batch waits for the next one', () => {
    // Two rows of each of ten places: two batches of ten, each with all places.
    const same = rowsOfPlace(range(20).map((row) => row % 10));
    for (let epoch = 0; epoch < 20; epoch++) {
      const batches = epochBatches({ count: 20, batch: 10, same, seed: 1, epoch });
      assert.equal(batches.length, 2);
      for (const rows of batches) assert.deepEqual(rows.map((r) => r % 10).sort(), range(10));
    }
  });
});

describe('the sampler of a run', () => {
  const options = { count: 23, batch: 5, seed: 4 };
  const lists = (shift: number) => range(23).map((row) => [(row + shift) % 23]);

  test('goes through the epochs batch by batch', async () => {
    const sampler = new EpochSampler(options);
    const rows = [];
    for (let step = 0; step < 12; step++) rows.push(await sampler.rowsAt(step));
    const expected = [0, 1, 2].flatMap((epoch) => epochBatches({ ...options, epoch }));
    assert.deepEqual(rows, expected);
    assert.equal(sampler.epoch, 2);
    assert.deepEqual(await sampler.rowsAt(7), expected[7]);
    await assert.rejects(sampler.rowsAt(3), /epoch that is over/);
    assert.throws(() => new EpochSampler({ ...options, count: 0 }), RangeError);
  });

  test('resumed at any step it goes on alike, although its look-alikes have changed since', async () => {
    let model = 1;
    const make = () => new EpochSampler(options, () => ({ lists: lists(model), groupSize: 2 }));
    const whole = make();
    const rows: (readonly number[])[] = [];
    const states = [];
    for (let step = 0; step < 12; step++) {
      model = step + 1;
      rows.push(await whole.rowsAt(step));
      await whole.rowsAt(step + 1); // loads ahead
      states.push(whole.toArrays());
    }
    for (const [cut, state] of states.entries()) {
      const resumed = make();
      resumed.load(state);
      for (let step = cut + 1; step < 12; step++) {
        model = step + 1;
        assert.deepEqual(await resumed.rowsAt(step), rows[step]);
        await resumed.rowsAt(step + 1);
      }
    }
    assert.throws(() => make().load({}), /no order/);
  });
});

describe('mixed batches', () => {
  const pair = fc.record({ tile: fc.nat(50), view: fc.nat(30) });

  test('half and half, filled up with labelled rows, nothing twice, the same for the same step', () => {
    fc.assert(
      fc.property(
        fc.record({
          step: fc.nat(500),
          labelled: fc.uniqueArray(fc.nat(99), { maxLength: 60 }),
          selected: fc.array(pair, { maxLength: 40 }),
          batch: fc.integer({ min: 1, max: 40 }),
          placeOf: fc.array(fc.nat(60), { minLength: 100, maxLength: 100 }),
          seed: fc.nat(100),
        }),
        ({ step, labelled, selected, batch, placeOf, seed }) => {
          const same = rowsOfPlace(placeOf);
          const mix = () => mixedBatch(step, labelled, selected, batch, seed, { same });
          const mixed = mix();
          const views = new Set(selected.map(({ view }) => view));
          const places = new Set(labelled.map((row) => placeOf[row]));
          assert.equal(mixed.selected.length, Math.min(Math.floor(batch / 2), views.size));
          assert.equal(mixed.labelled.length, Math.min(batch - mixed.selected.length, places.size));
          assert.equal(new Set(mixed.selected.map(({ view }) => view)).size, mixed.selected.length);
          assert.equal(new Set(mixed.labelled.map((row) => placeOf[row])).size, mixed.labelled.length);
          assert.ok(mixed.labelled.every((row) => labelled.includes(row)));
          assert.ok(mixed.selected.every((p) => selected.includes(p)));
          assert.deepEqual(mix(), mixed);
        },
      ),
    );
  });

  test('no labelled row is beside one of its place or a pair that it meets, and pairs give way to rows of the step', () => {
    fc.assert(
      fc.property(
        fc.record({
          step: fc.nat(500),
          first: fc.uniqueArray(fc.nat(39), { maxLength: 10 }),
          selected: fc.array(pair, { maxLength: 40 }),
          batch: fc.integer({ min: 1, max: 20 }),
          same: relation(40),
          tilesOf: fc.array(fc.uniqueArray(fc.nat(50), { maxLength: 8 }), { minLength: 40, maxLength: 40 }),
        }),
        ({ step, first, selected, batch, same, tilesOf }) => {
          const meets = (row: number, { tile }: { tile: number }) => tilesOf[row]?.includes(tile) ?? false;
          const mixed = mixedBatch(step, range(40), selected, batch, 7, { first, same, meets });
          assert.ok(!meet(mixed.labelled, same));
          assert.ok(mixed.labelled.every((row) => mixed.selected.every((one) => !meets(row, one))));
          const half = batch >> 1;
          assert.ok(mixed.selected.length <= half && mixed.labelled.length + mixed.selected.length <= batch);
          // The step's rows are there as if nothing were selected.
          const alone = mixedBatch(step, range(40), [], batch, 7, { first, same });
          const own = alone.labelled.filter((row) => first.includes(row)).slice(0, batch - half);
          assert.deepEqual(mixed.labelled.slice(0, own.length), own);
        },
      ),
    );
  });

  test('labelled rows are used evenly, whatever is selected', () => {
    const labelled = range(12).map((k) => 10 * k);
    const selected = range(9).map((view) => ({ tile: view, view }));
    const used = new Map<number, number>();
    const pseudo = new Set<number>();
    for (let step = 0; step < 30; step++) {
      const mixed = mixedBatch(step, labelled, selected, 8, 3);
      assert.equal(mixed.labelled.length, 4);
      for (const row of mixed.labelled) used.set(row, (used.get(row) ?? 0) + 1);
      for (const { view } of mixed.selected) pseudo.add(view);
    }
    assert.deepEqual([...used.values()], new Array(12).fill(10));
    assert.equal(pseudo.size, 9);
  });

  test('given rows come first', () => {
    const labelled = range(20);
    const mixed = mixedBatch(4, labelled, [{ tile: 1, view: 1 }], 8, 3, { first: [19, 3, 11] });
    assert.deepEqual(mixed.labelled.slice(0, 3), [19, 3, 11]);
    assert.equal(mixed.labelled.length, 7);
    assert.equal(new Set(mixed.labelled).size, 7);
  });
});

describe('mined neighbours', () => {
  test('equal a plain loop, and leave out what is excluded', () => {
    const [count, dimensions] = [150, 16];
    const rng = makeRng(8);
    const make = () => ({
      count,
      dimensions,
      data: Float32Array.from({ length: count * dimensions }, () => rng.int(-3, 3)), // exact in float32
    });
    const [queries, tiles] = [make(), make()];
    const placeOf = range(count).map((row) => (row < 30 ? row % 3 : row));
    const exclude = rowsOfPlace(placeOf);
    const before = tf.memory().numTensors;
    const found = minedNeighbours(queries, tiles, 12, exclude);
    assert.equal(tf.memory().numTensors, before);
    for (let q = 0; q < count; q++) {
      const score = (t: number) => {
        let sum = 0;
        for (let k = 0; k < dimensions; k++) {
          sum += (queries.data[q * dimensions + k] ?? 0) * (tiles.data[t * dimensions + k] ?? 0);
        }
        return sum;
      };
      const expected = range(count)
        .filter((t) => placeOf[t] !== placeOf[q])
        .sort((a, b) => score(b) - score(a) || a - b)
        .slice(0, 12);
      assert.deepEqual([...(found[q] ?? [])], expected);
    }
  });

  test('fewer tiles than asked for give shorter lists', () => {
    const one = { count: 2, dimensions: 2, data: Float32Array.of(1, 0, 0, 1) };
    assert.deepEqual(minedNeighbours(one, one, 5, [[0], [0, 1]]), [Int32Array.of(1), Int32Array.of()]);
    assert.throws(() => minedNeighbours(one, one, 5, [[0]]), /1 lists .* 2 queries/);
  });
});
