import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from 'skyfix/geometry';
import { psnrOf, rmseOf, ssimOf } from '../evaluation/image-quality.js';
import { distanceFigures, firstAnswers, recallOf, strictRanks } from '../evaluation/retrieval.js';

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
  assert.deepEqual([...firstAnswers([query], gallery)], [0, 0, 2]);
  const beside = descriptors([
    [0.9, 0],
    [0, 2],
    [0, 0.5],
  ]);
  assert.deepEqual([...firstAnswers([query, beside], gallery)], [0, 2, 2]);
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

function picture(value: (i: number, j: number, c: number) => number): RgbImage {
  const data = new Uint8Array(16 * 16 * 3);
  for (let i = 0; i < 16; i++)
    for (let j = 0; j < 16; j++) for (let c = 0; c < 3; c++) data[(i * 16 + j) * 3 + c] = value(i, j, c);
  return { widthPx: 16, heightPx: 16, data };
}

// Expected values: skimage.metrics 0.24 peak_signal_noise_ratio, and structural_similarity with
// gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2 (its crop of the
// border equals "only where the window fits").
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
