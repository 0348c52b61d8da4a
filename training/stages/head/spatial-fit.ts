// The second step of the fit: what a window's cells have in common from place to place. Each channel's k × k values are a vector;
// its directions are found channel by channel (the channels hardly depend on each other after the first step), so that some
// hundred pairs are enough, and the best of all channels are kept.
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu';
import { type GridHead, headRows, headSizes } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { commonDirections, meanDiagonal } from './common-directions.js';
import { eachPairBatch, type FeaturePairs, type Windows } from './feature-pairs.js';
import { type CellCovariances, seenTensor, tensorOf } from './statistics.js';

/**
 * Second moments of the weighted windows that a head without a projection makes, of each of its channels over the cells,
 * [k², k²]; each area counts alike.
 */
export function windowCovariances(areas: readonly FeaturePairs[], head: GridHead): CellCovariances[] {
  const { cells, channels } = headSizes(head);
  const size = cells * cells;
  const sums = {
    between: new Float64Array(channels * size * size),
    within: new Float64Array(channels * size * size),
  };
  for (const { copies } of areas) {
    const pairs = copies.reduce((sum, { tileOf }) => sum + tileOf.length, 0);
    for (const copy of copies) {
      eachPairBatch(copy, cells, (views, tiles) => {
        const [between, within] = tf.tidy(() => {
          const maps = (windows: Windows): Tensor3D =>
            (headRows(head, tensorOf(windows), seenTensor(windows)) as Tensor2D)
              .reshape([windows.count, size, channels])
              .transpose([2, 0, 1]); // [C', n, k²]
          const [v, t] = [maps(views), maps(tiles)];
          return [
            tf.matMul(v, t, true).dataSync(),
            tf.add(tf.matMul(v, v, true), tf.matMul(t, t, true)).dataSync(),
          ] as const;
        });
        const factor = 1 / (2 * pairs * areas.length);
        for (let k = 0; k < between.length; k++) {
          const row = Math.floor(k / size) % size;
          const mirrored = k - row * size - (k % size) + (k % size) * size + row;
          const both = (between[k] as number) + (between[mirrored] as number);
          sums.between[k] = (sums.between[k] as number) + factor * both;
          const all = (within[k] as number) + (within[mirrored] as number);
          sums.within[k] = (sums.within[k] as number) + (factor / 2) * all;
        }
      });
    }
  }
  const slice = (all: Float64Array, c: number) => all.slice(c * size * size, (c + 1) * size * size);
  return Array.from({ length: channels }, (_, c) => ({
    between: slice(sums.between, c),
    within: slice(sums.within, c),
  }));
}

/** The projection on the best `dimensions` directions of all channels. Throws RangeError where there are not so many. */
export function spatialProjection(
  ofChannels: readonly CellCovariances[],
  cells: number,
  dimensions: number,
  regularisation: number,
): NonNullable<GridHead['projection']> {
  const size = cells * cells;
  const channels = ofChannels.length;
  if (!(dimensions >= 1 && dimensions <= size * channels)) {
    throw new RangeError(`${dimensions} dimensions of a window of ${size * channels}.`);
  }
  const variance = ofChannels.reduce((sum, { within }) => sum + meanDiagonal(within, size) / channels, 0);
  const found = ofChannels.flatMap((covariances, channel) => {
    const { values, vectors } = commonDirections(covariances, size, regularisation * variance);
    return Array.from(values, (value, k) => ({
      value,
      channel,
      vector: vectors.subarray(k * size, (k + 1) * size),
    }));
  });
  const best = found.sort((a, b) => b.value - a.value).slice(0, dimensions);
  const window = size * channels;
  const data = new Float32Array(dimensions * window);
  best.forEach(({ channel, vector }, d) => {
    vector.forEach((value, cell) => {
      data[d * window + cell * channels + channel] = value;
    });
  });
  return { mean: new Float32Array(window), matrix: { shape: [dimensions, window], data } };
}
