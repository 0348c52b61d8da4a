import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RgbImage } from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';
import { confusionByDistrict, recallByDistrict } from '../../evaluation/districts.js';
import { psnrOf, rmseOf, ssimOf } from '../../evaluation/image-quality.js';
import {
  chanceOf,
  type Descriptors,
  distanceFigures,
  HIT_CURVE_RANKS,
  hitCurve,
  recallOf,
} from '../../evaluation/retrieval.js';
import { rankGallery, strictRanks } from '../../evaluation/strict-ranks.js';

const descriptors = (rows: number[][]) => ({
  count: rows.length,
  dimensions: rows[0]?.length ?? 0,
  data: Float32Array.from(rows.flat()),
});

test('a collapsed model, where every similarity ties, finds nothing', () => {
  const same = descriptors(Array.from({ length: 20 }, () => [1, 0]));
  const ranks = strictRanks(
    same,
    same,
    Array.from({ length: 20 }, (_, k) => k),
  );
  assert.deepEqual([...new Set(ranks)], [19]);
  assert.equal(recallOf(ranks, 20).at10, 0);
});

test('a model that answers NaN finds nothing', () => {
  const ranks = strictRanks(
    descriptors([[Number.NaN, 0]]),
    descriptors([
      [1, 0],
      [0, 1],
    ]),
    [0],
  );
  assert.equal(recallOf(ranks, 2).at1, 0);
});

test('ranks count the rows that are at least as similar', () => {
  const gallery = descriptors([
    [1, 0],
    [0.8, 0.6],
    [0, 1],
  ]);
  const query = descriptors([
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  assert.deepEqual([...strictRanks(query, gallery, [0, 2, 1])], [0, 2, 1]);
});

test('R@1 % looks at floor(N / 100) answers, at least one', () => {
  const ranks = Int32Array.from([0, 1, 2, 3]);
  assert.equal(recallOf(ranks, 50).at1Percent, 25);
  assert.equal(recallOf(ranks, 399).at1Percent, 75);
});

test('the median error of an even count lies between the two middle ones', () => {
  const figures = distanceFigures([30, 1, 4, 100], 10);
  assert.equal(figures.medianErrorM, 17);
  assert.deepEqual([figures.within5M, figures.within25M, figures.within50M], [50, 50, 75]);
});

/** Similarities by the definition, one pair at a time. */
function scoresByDefinition(queries: Descriptors, gallery: Descriptors, query: number): number[] {
  const n = gallery.dimensions;
  return Array.from({ length: gallery.count }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < n; k++)
      sum += (queries.data[query * n + k] as number) * (gallery.data[row * n + k] as number);
    return sum;
  });
}

function ranksByDefinition(queries: Descriptors, gallery: Descriptors, truth: readonly number[]): number[] {
  return truth.map((own, query) => {
    const scores = scoresByDefinition(queries, gallery, query).map(Math.fround);
    return scores.filter((score, row) => row !== own && !(score < (scores[own] as number))).length;
  });
}

function answersByDefinition(queries: Descriptors, gallery: Descriptors, k: number): number[][] {
  return Array.from({ length: queries.count }, (_, query) =>
    scoresByDefinition(queries, gallery, query)
      .map((score, row) => ({ score, row }))
      .sort((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, k)
      .map(({ row }) => row),
  );
}

/** Few distinct rows, so that many similarities tie; some are nearly the same. */
function repeating(count: number, dimensions: number, distinct: number, seed: number): Descriptors {
  const rng = makeRng(seed);
  const pool = Array.from({ length: distinct }, () => Array.from({ length: dimensions }, () => rng.normal()));
  const rows = Array.from({ length: count }, () => {
    const row = rng.pick(pool);
    return rng.next() < 0.2 ? row.map((value) => value * (1 + 2e-7 * rng.normal())) : row;
  });
  return { count, dimensions, data: Float32Array.from(rows.flat()) };
}

const truthOf = (queries: number, rows: number) => Array.from({ length: queries }, (_, k) => (k * 7) % rows);

test('ranks and first answers are the definition, ties and all but ties included, at any size', () => {
  const size = fc.integer({ min: 1, max: 150 });
  fc.assert(
    fc.property(
      size,
      size,
      fc.integer({ min: 1, max: 40 }),
      fc.nat(1e6),
      (queries, rows, dimensions, seed) => {
        const q = repeating(queries, dimensions, 9, seed);
        const g = repeating(rows, dimensions, 12, seed + 1);
        const truth = truthOf(queries, rows);
        const { ranks, answers } = rankGallery(q, g, truth, { answers: 5 });
        assert.deepEqual([...ranks], ranksByDefinition(q, g, truth));
        assert.deepEqual(answers, answersByDefinition(q, g, 5));
      },
    ),
    { numRuns: 30 },
  );
});

test('the queries of a second block are ranked by the definition too', () => {
  const [q, g] = [repeating(2900, 3, 2000, 5), repeating(3000, 3, 2000, 6)]; // a block has 8 Mi similarities
  const truth = truthOf(2900, 3000);
  const { ranks, answers } = rankGallery(q, g, truth, { answers: 2 });
  const last = { ...q, count: 50, data: q.data.subarray(2850 * 3) };
  assert.deepEqual([...ranks.subarray(2850)], ranksByDefinition(last, g, truth.slice(2850)));
  assert.deepEqual(answers.slice(2850), answersByDefinition(last, g, 2));
});

test('a gallery row that is NaN counts before every query, and is its last answer', () => {
  const gallery = descriptors([
    [Number.NaN, 0],
    [0.8, 0.6],
    [1, 0],
    [0, 1],
  ]);
  const query = descriptors([[1, 0]]);
  const { ranks, answers } = rankGallery(query, gallery, [2], { answers: 4 });
  assert.deepEqual([...ranks], [1]);
  assert.deepEqual(answers, [[2, 1, 3, 0]]);
  assert.deepEqual([...rankGallery(query, gallery, [0]).ranks], [3]);
});

test('a collapsed model of full width finds nothing, wherever its rows lie in the blocks', () => {
  const row = Array.from({ length: 1024 }, (_, k) => Math.sin(k) / 22.6);
  const same = descriptors(Array.from({ length: 131 }, () => row));
  const ranks = strictRanks(
    same,
    same,
    Array.from({ length: 131 }, (_, k) => k),
  );
  assert.deepEqual([...new Set(ranks)], [130]);
});

test('ignored rows are no errors', () => {
  const gallery = descriptors([
    [1, 0],
    [0.8, 0.6],
    [0, 1],
  ]);
  const query = descriptors([[1, 0]]);
  assert.deepEqual([...strictRanks(query, gallery, [2])], [2]);
  assert.deepEqual([...strictRanks(query, gallery, [2], [[0]])], [1]);
  assert.deepEqual([...strictRanks(query, gallery, [2], [[0, 1, 2]])], [0]);
});

test('chance is what a random order reaches on average', () => {
  assert.deepEqual(chanceOf(391), {
    at1: 100 / 391,
    at5: 500 / 391,
    at10: 1000 / 391,
    at1Percent: 300 / 391,
  });
  assert.equal(chanceOf(3).at5, 100);
  const rng = makeRng(3);
  const found = recallOf(
    Int32Array.from({ length: 40_000 }, () => rng.int(0, 199)),
    200,
  );
  const expected = chanceOf(200);
  for (const figure of ['at1', 'at5', 'at10', 'at1Percent'] as const) {
    assert.ok(Math.abs(found[figure] - expected[figure]) < 0.5, figure);
  }
});

test('the hit curve counts the queries within a rank and meets R@1, R@5 and R@10', () => {
  const ranks = Int32Array.from([0, 1, 4, 9, 19, 49, 99, 100]);
  assert.deepEqual(
    hitCurve(ranks),
    HIT_CURVE_RANKS.map((_, k) => ((k + 1) * 100) / 8),
  );
  const figures = recallOf(ranks, 500);
  assert.deepEqual([figures.at1, figures.at5, figures.at10], [12.5, 37.5, 50]);
});

test('districts: R@1 of each, and which one answers which', () => {
  const ranks = Int32Array.from([0, 3, 0, 0]);
  assert.deepEqual(recallByDistrict(ranks, ['old town', 'old town', 'park', 'park']), {
    'old town': { queries: 2, at1: 50 },
    park: { queries: 2, at1: 100 },
  });
  const confusion = confusionByDistrict(
    [0, 2, 1, 1],
    ['old town', 'old town', 'park', 'park'],
    ['old town', 'park', 'yard'],
  );
  assert.deepEqual(confusion, {
    districts: ['old town', 'park', 'yard'],
    counts: [
      [1, 0, 1],
      [0, 2, 0],
      [0, 0, 0],
    ],
  });
  assert.throws(() => confusionByDistrict([5], ['park'], ['park']), /row 5/);
});

function picture(value: (i: number, j: number, c: number) => number): RgbImage {
  const data = new Uint8Array(16 * 16 * 3);
  for (let i = 0; i < 16; i++)
    for (let j = 0; j < 16; j++) for (let c = 0; c < 3; c++) data[(i * 16 + j) * 3 + c] = value(i, j, c);
  return { widthPx: 16, heightPx: 16, data };
}

test('constant images give the closed forms of PSNR and SSIM', () => {
  const a = picture(() => 100);
  const b = picture(() => 110);
  assert.equal(rmseOf(a, b), 10);
  assert.ok(Math.abs(psnrOf(a, b) - 20 * Math.log10(25.5)) < 1e-12);
  const c1 = (0.01 * 255) ** 2;
  assert.ok(Math.abs(ssimOf(a, b) - (2 * 100 * 110 + c1) / (100 ** 2 + 110 ** 2 + c1)) < 1e-12);
});

test('equal images have SSIM 1, inverted texture has negative SSIM', () => {
  const texture = picture((i, j, c) => (i * 53 + j * 97 + c * 31) % 256);
  const inverted = picture((i, j, c) => 255 - ((i * 53 + j * 97 + c * 31) % 256));
  assert.ok(Math.abs(ssimOf(texture, texture) - 1) < 1e-12);
  assert.equal(psnrOf(texture, texture), Number.POSITIVE_INFINITY);
  assert.ok(ssimOf(texture, inverted) < -0.5);
});
