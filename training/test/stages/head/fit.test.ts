// The head's fit: against scipy's generalised eigenvectors, against moments in loops, and on pairs whose common part is known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeRng, type Rng } from 'skyfix/random';
import { recallOf, strictRanks } from '../../../evaluation/index.js';
import { type GridHead, headToArrays, LEAST_SEEN } from '../../../networks/index.js';
import { describeFeatures } from '../../../stages/head/describe-features.js';
import type { FeaturePairs } from '../../../stages/head/feature-pairs.js';
import { channelDirections, fitHead, fitWithStatistics } from '../../../stages/head/fit.js';
import { channelMoments } from '../../../stages/head/statistics.js';
import { statisticsFromArrays, statisticsToArrays } from '../../../stages/head/statistics-file.js';
import type { FeatureStore } from '../../../stores/index.js';
import { readSafetensors, writeSafetensors } from '../../../weights/index.js';
import { memoryFeatures } from '../../support/feature-maps.js';

const CELLS = 3;
const CHANNELS = 12;

/**
 * Pairs of maps: channels 0 to 2 hold what a place looks like from both sides, the others what only one side sees, louder by
 * `noise`; every channel has a scale and an offset of its own.
 */
function pairs(count: number, noise: number, seed: number): FeaturePairs {
  const rng = makeRng(seed);
  const map = (common: Float32Array, own: Rng) =>
    common.map((value, k) => {
      const c = k % CHANNELS;
      return (c < 3 ? value + 0.1 * own.normal() : noise * own.normal()) * (1 + c) + 5 * c;
    });
  const length = CELLS * CELLS * CHANNELS;
  const views = new Float32Array(count * length);
  const tiles = new Float32Array(count * length);
  for (let k = 0; k < count; k++) {
    const common = Float32Array.from({ length }, () => rng.normal());
    views.set(map(common, rng), k * length);
    tiles.set(map(common, rng), k * length);
  }
  const copy = {
    views: memoryFeatures(views, CELLS, CHANNELS),
    tiles: memoryFeatures(tiles, CELLS, CHANNELS),
    tileOf: Array.from({ length: count }, (_, k) => k),
  };
  return { name: `seed ${seed}`, copies: [copy], locations: copy.tileOf.map(() => undefined) };
}

/** The same maps, of which every one was seen so far as `shares` [cells²] say. */
const withSeen = (store: FeatureStore, shares: Float32Array): FeatureStore => ({
  ...store,
  read: (index, features, seen, at = 0) => {
    store.read(index, features, seen, at);
    seen.set(shares, at * shares.length);
  },
});

/** A cell by a head without a bias, of unit length. */
function cellOf(head: GridHead, store: FeatureStore, index: number, cell: number): number[] {
  const features = new Float32Array(CELLS * CELLS * CHANNELS);
  store.read(index, features, new Float32Array(CELLS * CELLS));
  const { mean, deviation, convolution } = head;
  const weights = convolution?.weight.data ?? new Float32Array();
  const values = Array.from({ length: convolution?.weight.shape[0] ?? 0 }, (_, k) => {
    let sum = 0;
    for (let c = 0; c < CHANNELS; c++) {
      const value = features[cell * CHANNELS + c] ?? 0;
      sum += ((weights[k * CHANNELS + c] ?? 0) * (value - (mean[c] ?? 0))) / (deviation[c] ?? 1);
    }
    return sum;
  });
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

async function recall(head: Parameters<typeof describeFeatures>[0], { copies: [copy] }: FeaturePairs) {
  const [asked, gallery] = [
    await describeFeatures(head, copy.views),
    await describeFeatures(head, copy.tiles),
  ];
  return recallOf(strictRanks(asked, gallery, copy.tileOf), gallery.count).at1;
}

describe('the fit of a head', () => {
  it("finds scipy's generalised eigenvectors", () => {
    const size = 5;
    const a = Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: size }, (__, j) => Math.cos(3 * i + 5 * j + 2 * i * j)),
    );
    const within = new Float64Array(size * size);
    const between = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        within[i * size + j] = a.reduce((sum, row) => sum + ((row[i] ?? 0) * (row[j] ?? 0)) / 8, 0);
        between[i * size + j] = (Math.sin(2 * i + 3 * j + i * j) + Math.sin(2 * j + 3 * i + i * j)) / 8;
      }
    }
    // scipy.linalg.eigh(between, within + 0.1 trace(within) / 5 I): the last two vectors
    const expected = [
      [
        -0.25917445259322663, -0.6838643668568873, 1.4848384194137332, -0.37802537940868103,
        -0.06414237600216952,
      ],
      [0.569039081287527, 0.8010406930101883, 0.4056262906930795, 0.3274299874816673, -0.3392169277574178],
    ];
    const found = channelDirections({ between, within }, size, 2, 0.1);
    expected.forEach((vector, k) => {
      const own = Array.from(found.slice(k * size, (k + 1) * size));
      const sign = Math.sign((own[2] ?? 0) * (vector[2] ?? 0));
      vector.forEach((value, i) => {
        assert.ok(Math.abs(value - sign * (own[i] ?? 0)) < 1e-6, `${k}, ${i}: ${own[i]} is not ${value}`);
      });
    });
    assert.throws(() => channelDirections({ between, within }, size, 6, 0.1), RangeError);
  });

  it('standardises by the moments of all that is seen, each area alike', () => {
    const [few, many] = [pairs(3, 1, 1), pairs(12, 1, 2)];
    const shifted = (area: FeaturePairs): FeaturePairs => {
      const { views, tiles, tileOf } = area.copies[0];
      const values = new Float32Array(tiles.count * CELLS * CELLS * CHANNELS).fill(100);
      const seen = new Float32Array(tiles.count * CELLS * CELLS); // nothing of it
      return { ...area, copies: [{ views, tiles: memoryFeatures(values, CELLS, CHANNELS, seen), tileOf }] };
    };
    const moments = (values: Float32Array[]) => {
      const of = (c: number) => values.flatMap((one) => [...one].filter((_, k) => k % CHANNELS === c));
      return Array.from({ length: CHANNELS }, (_, c) => {
        const column = of(c);
        const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
        return [mean, column.reduce((sum, value) => sum + value * value, 0) / column.length] as const;
      });
    };
    const all = (area: FeaturePairs) => {
      const { views, tiles } = area.copies[0];
      return [views, tiles].map((store) => {
        const out = new Float32Array(store.count * CELLS * CELLS * CHANNELS);
        const seen = new Float32Array(store.count * CELLS * CELLS);
        for (let k = 0; k < store.count; k++) store.read(k, out, seen, k);
        return out;
      });
    };
    const { mean, deviation } = channelMoments([few, shifted(many)], CELLS);
    const [a, b] = [moments(all(few)), moments(all(many).slice(0, 1))];
    for (let c = 0; c < CHANNELS; c++) {
      const expected = ((a[c]?.[0] ?? 0) + (b[c]?.[0] ?? 0)) / 2;
      const square = ((a[c]?.[1] ?? 0) + (b[c]?.[1] ?? 0)) / 2;
      assert.ok(Math.abs((mean[c] ?? 0) - expected) < 1e-4);
      assert.ok(Math.abs((deviation[c] ?? 0) - Math.sqrt(square - expected ** 2)) < 1e-3);
    }
  });

  it('keeps what both sides have in common: three channels find what twelve do not', async () => {
    const [train, test] = [pairs(150, 6, 3), pairs(100, 6, 4)];
    const grid = fitHead([train], { cells: CELLS, regularisation: 0.1 });
    const fitted = fitHead([train], { cells: CELLS, channels: 3, regularisation: 0.1 });
    assert.deepEqual(fitted.convolution?.weight.shape, [3, CHANNELS]);
    const [before, after] = [await recall(grid, test), await recall(fitted, test)];
    assert.ok(before < 70, `${before}`);
    assert.ok(after > 95, `${after}`);
  });

  it('without a window projection compares the seen cells alone, as plain loops do', async () => {
    const area = pairs(30, 2, 8);
    const head = fitHead([area], { cells: CELLS, channels: 4, regularisation: 0.1, falloff: 0.5 });
    assert.equal(head.projection, undefined);
    const { views, tiles } = area.copies[0];
    // Of every view the two southern rows of cells alone were seen; what the trunk makes of black ground is anything.
    const sector = new Float32Array(CELLS * CELLS).fill(1).fill(0, 0, CELLS);
    const [asked, gallery] = [
      await describeFeatures(head, withSeen(views, sector)),
      await describeFeatures(head, tiles),
    ];
    for (const [v, t] of [
      [0, 0],
      [3, 17],
      [29, 4],
    ] as const) {
      let product = 0;
      let square = 0;
      for (let cell = 0; cell < CELLS * CELLS; cell++) {
        const awayCells = Math.hypot(Math.floor(cell / CELLS) - 1, (cell % CELLS) - 1);
        // The head scales weights so that their squares sum to 1: of a tile, which is seen whole, nothing else is left to do.
        const weight = (1 + awayCells) ** -0.5;
        const [a, b] = [cellOf(head, views, v, cell), cellOf(head, tiles, t, cell)];
        const share = Math.max(LEAST_SEEN, sector[cell] ?? 0);
        const cosine = a.reduce((sum, value, c) => sum + value * (b[c] ?? 0), 0);
        product += share * weight ** 2 * cosine;
        square += (share * weight) ** 2;
      }
      const tileLength = Math.sqrt(1 + 4 * 2 ** -1 + 4 * (1 + Math.SQRT2) ** -1);
      const row = (all: Float32Array, k: number) =>
        all.subarray(k * gallery.dimensions, (k + 1) * gallery.dimensions);
      const [x, y] = [row(asked.data, v), row(gallery.data, t)];
      const served = x.reduce((sum, value, d) => sum + value * (y[d] ?? 0), 0);
      assert.ok(Math.abs(served - product / Math.sqrt(square) / tileLength) < 1e-5, `${v}, ${t}: ${served}`);
    }
  });

  it('goes on from an earlier one by the share of its pairs, and knows it again from its file', () => {
    const options = { cells: CELLS, channels: 3, regularisation: 0.1, dimensions: 8 };
    const earlier = fitWithStatistics([pairs(60, 2, 7)], options);
    const arrays = statisticsToArrays(earlier.statistics);
    const bytes = writeSafetensors({ ...headToArrays(earlier.head), ...arrays });
    const statistics = statisticsFromArrays(readSafetensors(bytes, 'file'), 'file');
    assert.ok(statistics);
    const own = [pairs(30, 6, 8)];
    const from = (count: number) =>
      fitWithStatistics(own, options, { moments: earlier.head, statistics, pairs: count });
    const alone = from(1e-9).statistics.channels.between;
    const half = from(30).statistics.channels.between;
    half.forEach((value, k) => {
      const mean = ((alone[k] ?? 0) + (earlier.statistics.channels.between[k] ?? 0)) / 2;
      assert.ok(Math.abs(value - mean) < 1e-5);
    });
    const kept = from(1e9).head;
    assert.equal(kept.mean, earlier.head.mean);
    kept.convolution?.weight.data.forEach((value, k) => {
      assert.ok(Math.abs(value - (earlier.head.convolution?.weight.data[k] ?? 0)) < 1e-4);
    });
    assert.throws(
      () =>
        fitWithStatistics(own, { ...options, channels: 4 }, { moments: earlier.head, statistics, pairs: 9 }),
      { code: 'WEIGHTS_INVALID', message: /3 channels on 9 cells; now there are 4/ },
    );
    const { 'fit.windows.within': _, ...broken } = arrays;
    assert.throws(() => statisticsFromArrays(broken, 'file'), { code: 'WEIGHTS_INVALID' });
    assert.equal(statisticsFromArrays({}, 'file'), undefined);
  });

  it('refuses areas of which nothing is seen', () => {
    const { views, tileOf } = pairs(2, 1, 5).copies[0];
    const black = memoryFeatures(new Float32Array(2 * 9 * CHANNELS), CELLS, CHANNELS, new Float32Array(18));
    const area: FeaturePairs = {
      name: 'night',
      copies: [{ views: black, tiles: black, tileOf }],
      locations: [],
    };
    assert.throws(() => fitHead([area], { cells: CELLS, regularisation: 0.1 }), {
      code: 'DATASET_INVALID',
      message: /night/,
    });
    const half = { ...area, copies: [{ views, tiles: black, tileOf }] as const };
    assert.throws(() => fitHead([half], { cells: CELLS, channels: 2, regularisation: 0.1 }), {
      code: 'DATASET_INVALID',
    });
  });

  it('leaves unseen cells out of a descriptor', async () => {
    const { copies } = pairs(4, 1, 6);
    const head = fitHead([pairs(4, 1, 6)], { cells: CELLS, regularisation: 0.1 });
    const [{ views }] = copies;
    const features = new Float32Array(4 * 9 * CHANNELS);
    const seen = new Float32Array(36);
    for (let k = 0; k < 4; k++) views.read(k, features, seen, k);
    const hidden = seen.map((_, k) => (k % 9 < 4 ? 0 : 1));
    const [whole, partly] = [
      await describeFeatures(head, views),
      await describeFeatures(head, memoryFeatures(features, CELLS, CHANNELS, hidden)),
    ];
    const length = 9 * CHANNELS;
    for (let k = 0; k < 4; k++) {
      const own = partly.data.subarray(k * length, (k + 1) * length);
      assert.ok(own.subarray(0, 4 * CHANNELS).every((value) => Math.abs(value) < 0.03));
      const rest = whole.data.slice(k * length + 4 * CHANNELS, (k + 1) * length);
      const norm = Math.hypot(...rest);
      rest.forEach((value, i) => {
        assert.ok(Math.abs(value / norm - (own[4 * CHANNELS + i] ?? 0)) < 2e-3);
      });
    }
  });
});
