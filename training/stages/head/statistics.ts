// What a head is fitted to: moments of the trunk's channels, and the covariances of cells of views with those of their
// tiles. Each area counts alike however many pairs it has; cells count by the share of them that both images show.
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { type ChannelMoments, standardised, unitLength } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { eachPairBatch, type FeaturePairs, type Windows } from './feature-pairs.js';

/** Second moments [C, C] of standardised cells of unit length; both symmetric. */
export interface CellCovariances {
  /** Of views with their tiles: (E[v tᵀ] + E[t vᵀ]) / 2. */
  readonly between: Float64Array;
  /** Of all: (E[v vᵀ] + E[t tᵀ]) / 2. */
  readonly within: Float64Array;
}

/** A channel that hardly varies must not be blown up to the others' size. */
const LEAST_DEVIATION = 1e-3;

/** Mean and deviation of every channel over views and tiles. Throws DATASET_INVALID where nothing is seen. */
export function channelMoments(areas: readonly FeaturePairs[], cells: number): ChannelMoments {
  const channels = areas[0]?.copies[0].views.channels ?? 0;
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  for (const area of areas) {
    const sums = { weight: 0, mean: new Float64Array(channels), square: new Float64Array(channels) };
    for (const copy of area.copies) {
      eachPairBatch(copy, cells, (views, tiles) => {
        addMoments(views, sums);
        addMoments(tiles, sums);
      });
    }
    if (sums.weight === 0) throw nothingSeen(area);
    for (let c = 0; c < channels; c++) {
      mean[c] = (mean[c] as number) + (sums.mean[c] as number) / sums.weight / areas.length;
      square[c] = (square[c] as number) + (sums.square[c] as number) / sums.weight / areas.length;
    }
  }
  const deviation = Float32Array.from(square, (value, c) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, value - (mean[c] as number) ** 2))),
  );
  return { mean: Float32Array.from(mean), deviation };
}

function addMoments(
  { count, cells, channels, features, seen }: Windows,
  sums: { weight: number; readonly mean: Float64Array; readonly square: Float64Array },
): void {
  for (let cell = 0; cell < count * cells * cells; cell++) {
    const share = seen[cell] as number;
    if (share === 0) continue;
    sums.weight += share;
    for (let c = 0, k = cell * channels; c < channels; c++, k++) {
      const value = features[k] as number;
      sums.mean[c] = (sums.mean[c] as number) + share * value;
      sums.square[c] = (sums.square[c] as number) + share * value * value;
    }
  }
}

/** The covariances of the cells of all copies of all pairs. Throws DATASET_INVALID where nothing is seen. */
export function cellCovariances(
  areas: readonly FeaturePairs[],
  moments: ChannelMoments,
  cells: number,
): CellCovariances {
  const channels = moments.mean.length;
  const between = new Float64Array(channels * channels);
  const within = new Float64Array(channels * channels);
  for (const area of areas) {
    const own = { between: new Float64Array(channels ** 2), within: new Float64Array(channels ** 2) };
    let weight = 0;
    for (const copy of area.copies) {
      eachPairBatch(copy, cells, (views, tiles) => {
        const shares = views.seen.map((share, k) => share * (tiles.seen[k] as number));
        for (const share of shares) weight += share;
        const products = tf.tidy(() => {
          const roots = tf.sqrt(tf.tensor1d(shares)).expandDims(1);
          const rows = (windows: Windows) =>
            unitLength(standardised(tensorOf(windows), moments))
              .reshape([-1, channels])
              .mul(roots) as Tensor2D;
          const [v, t] = [rows(views), rows(tiles)];
          return [
            tf.matMul(v, t, true).dataSync(),
            tf.add(tf.matMul(v, v, true), tf.matMul(t, t, true)).dataSync(),
          ] as const;
        });
        addTo(own.between, products[0]);
        addTo(own.within, products[1]);
      });
    }
    if (weight === 0) throw nothingSeen(area);
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j < channels; j++) {
        const [k, mirrored] = [i * channels + j, j * channels + i];
        const factor = 1 / (2 * weight * areas.length);
        const both = (all: Float64Array) => (all[k] as number) + (all[mirrored] as number);
        between[k] = (between[k] as number) + factor * both(own.between);
        within[k] = (within[k] as number) + (factor / 2) * both(own.within);
      }
    }
  }
  return { between, within };
}

/** [count, cells, cells, channels] */
export function tensorOf({ count, cells, channels, features }: Windows): Tensor4D {
  return tf.tensor4d(features, [count, cells, cells, channels]);
}

/** The seen shares of windows, [count, cells, cells, 1]. */
export function seenTensor({ count, cells, seen }: Windows): Tensor4D {
  return tf.tensor4d(seen, [count, cells, cells, 1]);
}

function addTo(sums: Float64Array, values: ArrayLike<number>): void {
  for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] as number) + (values[k] as number);
}

function nothingSeen({ name }: FeaturePairs): SkyfixError {
  return new SkyfixError('DATASET_INVALID', `${name}: all of its views, or all of its tiles, are black.`);
}
