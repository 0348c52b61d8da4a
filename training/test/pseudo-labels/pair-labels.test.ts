// Label fractions, and the door before hidden labels.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LABEL_FRACTIONS, labelledRows, PairLabels, unlabelledSample } from '../../pseudo-labels/index.js';

test('label fractions are nested, seeded and of the right size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(1000), (count, seed) => {
      let before: number[] = [];
      for (const fraction of LABEL_FRACTIONS) {
        const rows = labelledRows(count, fraction, seed);
        assert.equal(rows.length, Math.max(1, Math.round(count * fraction)));
        assert.ok(rows.every((row, k) => row >= 0 && row < count && (k === 0 || row > (rows[k - 1] ?? row))));
        const among = new Set(rows);
        assert.ok(before.every((row) => among.has(row)));
        before = rows;
      }
      assert.equal(before.length, count);
    }),
    { numRuns: 40 },
  );
  assert.deepEqual(labelledRows(500, 0.1, 3), labelledRows(500, 0.1, 3));
  assert.notDeepEqual(labelledRows(500, 0.1, 3), labelledRows(500, 0.1, 4));
  assert.deepEqual(labelledRows(500, 0, 3), []);
  for (const wrong of [-0.1, 1.1, Number.NaN]) assert.throws(() => labelledRows(10, wrong, 1), RangeError);
});

test('every row is labelled about equally often over seeds', () => {
  const often = new Uint32Array(20);
  for (let seed = 0; seed < 400; seed++) {
    for (const row of labelledRows(20, 0.25, seed)) often[row] = (often[row] ?? 0) + 1;
  }
  // 100 expected, standard deviation 8.7.
  assert.ok(
    often.every((n) => n > 60 && n < 140),
    often.join(),
  );
});

test('a sample of the unlabelled rows is another one at every update', () => {
  assert.deepEqual(unlabelledSample(5, 10, 1, 50), [0, 1, 2, 3, 4]);
  const sample = unlabelledSample(1000, 100, 1, 50);
  assert.equal(new Set(sample).size, 100);
  assert.deepEqual(sample, unlabelledSample(1000, 100, 1, 50));
  assert.notDeepEqual(sample, unlabelledSample(1000, 100, 1, 100));
});

test('labels of labelled rows are read and counted, hidden ones never', () => {
  const labels = new PairLabels([3, 1, undefined, 0], [3, 1], 5);
  assert.deepEqual(labels.labelled, [1, 3]);
  assert.deepEqual(labels.unlabelled, [0, 2]);
  assert.deepEqual(labels.unlabelledTiles, [2, 3, 4]);
  assert.equal(labels.tileOf(3), 0);
  assert.equal(labels.tileOf(1), 1);
  assert.throws(() => labels.tileOf(0), /row 0 is hidden/);
  assert.throws(() => labels.tileOf(2), /row 2 is hidden/);
  assert.deepEqual(labels.counts, { reads: 2, refused: 2, logReads: 0 });
  assert.equal(labels.isRight(0, 3), true);
  assert.equal(labels.isRight(0, 2), false);
  assert.equal(labels.isRight(2, 2), undefined);
  assert.deepEqual(labels.counts, { reads: 2, refused: 2, logReads: 3 });
});

test('hidden labels can be erased; what training may see stays', () => {
  const labels = new PairLabels([3, 1, 4, 0], [3, 1], 5);
  const erased = labels.withoutHidden();
  for (const key of ['labelled', 'unlabelled', 'unlabelledTiles'] as const) {
    assert.deepEqual(erased[key], labels[key]);
  }
  assert.equal(erased.tileOf(3), 0);
  assert.equal(erased.isRight(0, 3), undefined);
  assert.throws(() => erased.tileOf(0), /hidden/);
});

test('the tiles of a labelled row are its own and its semi-positives; hidden ones are behind the same door', () => {
  const labels = new PairLabels([3, 1, undefined, 0], [3, 1], 5, [[2], [4, 2], [], []]);
  assert.deepEqual([labels.tilesOf(1), labels.tilesOf(3)], [[1, 4, 2], [0]]);
  assert.throws(() => labels.tilesOf(0), /row 0 is hidden/);
  assert.deepEqual(labels.counts, { reads: 2, refused: 1, logReads: 0 });
  const joined = PairLabels.joined([labels, labels]);
  assert.deepEqual(
    joined.labelled.map((row) => joined.tilesOf(row)),
    [[1, 4, 2], [0], [6, 9, 7], [5]],
  );
  assert.deepEqual(labels.allVisible().tilesOf(0), [3, 2]);
  const erased = labels.withoutHidden();
  assert.deepEqual(erased.tilesOf(1), [1, 4, 2]);
  assert.throws(() => erased.allVisible().tilesOf(0), /hidden/);
});

test('rows that are unknown, named twice or without a tile cannot be labelled', () => {
  for (const labelled of [[4], [-1], [0, 0], [2]]) {
    assert.throws(() => new PairLabels([0, 1, undefined, 9], labelled), RangeError, String(labelled));
  }
  assert.throws(() => new PairLabels([0, 1, undefined, 9], [3]), RangeError);
});
