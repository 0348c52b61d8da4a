// Scores of candidates against a plain loop over float64 dot products.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRng } from 'skyfix/random';
import type { Descriptors } from '../../evaluation/retrieval.js';
import { eachSimilarityBlock } from '../../evaluation/similarity-blocks.js';
import { scoreCandidates } from '../../pseudo-labels/index.js';
import { tf } from '../../runtime/tf.js';

const descriptors = (rows: readonly (readonly number[])[], dimensions: number): Descriptors => ({
  count: rows.length,
  dimensions,
  data: Float32Array.from(rows.flat()),
});

/** Unit vectors; `count` of them. */
function unitRows(count: number, dimensions: number, seed: number): number[][] {
  const rng = makeRng(seed);
  return Array.from({ length: count }, () => {
    const row = Array.from({ length: dimensions }, () => rng.normal());
    const length = Math.hypot(...row);
    return row.map((x) => x / length);
  });
}

function plainScores(tiles: readonly (readonly number[])[], views: readonly (readonly number[])[]) {
  const table = tiles.map((t) => views.map((v) => v.reduce((sum, x, k) => sum + x * (t[k] ?? 0), 0)));
  const highest = (row: readonly number[]) => {
    const order = row.map((_, k) => k).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b);
    return { best: order[0] ?? -1, first: row[order[0] ?? -1] ?? -1, second: row[order[1] ?? -1] ?? -1 };
  };
  const ofTiles = table.map(highest);
  const ofViews = views.map((_, v) => highest(table.map((row) => row[v] ?? 0)));
  return {
    best: ofTiles.map(({ best }) => best),
    top1: ofTiles.map(({ first }) => first),
    top2: ofTiles.map(({ second }) => second),
    mutual: ofTiles.map(({ best }, tile) => (ofViews[best]?.best === tile ? 1 : 0)),
    viewTop2: ofViews.map(({ second }) => second),
  };
}

function assertClose(found: Float32Array, expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs((found[i] ?? Number.NaN) - value) < 1e-5, `${i}: ${found[i]} is not ${value}`);
  });
}

test('scores of 300 tiles and 280 views of 256 dimensions equal a plain loop', () => {
  const [tiles, views] = [unitRows(300, 256, 1), unitRows(280, 256, 2)];
  const before = tf.memory().numTensors;
  const found = scoreCandidates(descriptors(tiles, 256), descriptors(views, 256));
  assert.equal(tf.memory().numTensors, before);
  const expected = plainScores(tiles, views);
  assert.deepEqual([...found.best], expected.best);
  assert.deepEqual([...found.mutual], expected.mutual);
  assertClose(found.top1, expected.top1);
  assertClose(found.top2, expected.top2);
  assertClose(found.viewTop2, expected.viewTop2);
  assertClose(
    found.confidence,
    expected.top1.map((c) => Math.min(1, Math.max(0, c))),
  );
});

test('ties go to the lower number: small whole numbers, for which float32 is exact', () => {
  const matrix = (count: fc.Arbitrary<number>) =>
    count.chain((n) =>
      fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), {
        minLength: n,
        maxLength: n,
      }),
    );
  const count = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(matrix(count), matrix(count), (tiles, views) => {
      const found = scoreCandidates(descriptors(tiles, 3), descriptors(views, 3));
      const expected = plainScores(tiles, views);
      for (const key of ['best', 'top1', 'top2', 'mutual', 'viewTop2'] as const) {
        // -0 is as high as 0
        const [ours, plain] = [[...found[key]], expected[key]].map((values) => values.map((x) => x + 0));
        assert.deepEqual(ours, plain, key);
      }
    }),
    { numRuns: 60 },
  );
});

test('blocks cover every row once, whatever their size', () => {
  const [queries, gallery] = [unitRows(23, 8, 3), unitRows(11, 8, 4)];
  for (const rows of [1, 2, 5, 23, 100]) {
    const table: number[] = [];
    const visit = (block: { dataSync(): ArrayLike<number> }, first: number) => {
      assert.equal(first * 11, table.length);
      table.push(...Array.from(block.dataSync()));
    };
    eachSimilarityBlock(descriptors(queries, 8), descriptors(gallery, 8), visit, rows * 11);
    const expected = queries.flatMap((q) =>
      gallery.map((g) => q.reduce((s, x, k) => s + x * (g[k] ?? 0), 0)),
    );
    assertClose(Float32Array.from(table), expected);
  }
});

test('extra candidates raise the confidence, never the pair; negative similarities count as 0', () => {
  const tiles = descriptors(
    [
      [1, 0],
      [0, -1],
    ],
    2,
  );
  const views = descriptors(
    [
      [0.6, 0.8],
      [0, 1],
    ],
    2,
  );
  const extra = descriptors([[0.8, 0.6]], 2);
  const alone = scoreCandidates(tiles, views);
  const all = scoreCandidates(tiles, views, extra);
  assert.deepEqual([...alone.confidence], [Math.fround(0.6), 0]);
  assert.deepEqual([...all.confidence], [Math.fround(0.8), 0]);
  for (const key of ['best', 'top1', 'top2', 'mutual'] as const) assert.deepEqual(all[key], alone[key]);
});

test('without views nothing is paired; with a single one the second similarity is the lowest cosine', () => {
  const tiles = descriptors(
    [
      [1, 0],
      [0, 1],
    ],
    2,
  );
  const none = scoreCandidates(tiles, descriptors([], 2));
  assert.deepEqual([...none.best], [-1, -1]);
  assert.deepEqual([...none.confidence], [0, 0]);
  const one = scoreCandidates(tiles, descriptors([[1, 0]], 2));
  assert.deepEqual([...one.top2], [-1, -1]);
  assert.deepEqual([...one.mutual], [1, 0]);
  assert.equal(scoreCandidates(descriptors([], 2), tiles).best.length, 0);
});

test('other dimensions and similarities that are no numbers are refused', () => {
  const tiles = descriptors([[1, 0]], 2);
  assert.throws(() => scoreCandidates(tiles, descriptors([[1, 0, 0]], 3)), /2 and 3 dimensions/);
  assert.throws(() => scoreCandidates(descriptors([[Number.NaN, 0]], 2), tiles), /tile 0/);
});
