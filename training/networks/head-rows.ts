// A head on features in TensorFlow: what export/grid-onnx.ts has as a graph. Cells count by the share of their pixels that is
// seen: what no camera saw (a hole below the camera, ground outside of a narrow view, the imagery's border) is exactly black.
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { tf } from '../runtime/index.js';
import { type GridHead, headSizes, unitCellWeights } from './grid-head.js';
import { unitLength } from './layers.js';
import { gramInverse, rowsOfSeenPart } from './seen-part.js';
import { GRID_STRIDE_PX } from './trunk.js';

/**
 * Of a cell that is not seen at all: so little that it changes nothing, and enough for all-black windows to have a
 * descriptor too.
 */
export const LEAST_SEEN = 0.03;

/** Moments of the channels over views and tiles. */
export type ChannelMoments = Pick<GridHead, 'mean' | 'deviation'>;

/** Parts of a head that training changes; they stand in for the head's own. */
export interface LearnedHead {
  /** [C', C] */
  readonly weight?: Tensor2D;
  /** [C'] */
  readonly bias?: Tensor1D;
  /** [D, W] */
  readonly matrix?: Tensor2D;
}

/** Images [B, H, W, 3] → the share of each cell's pixels that is not exactly black, [B, ⌈H/32⌉, ⌈W/32⌉, 1]. */
export function seenShares(images: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const seen = images.sum(3, true).greater(0).toFloat() as Tensor4D;
    return tf.avgPool(seen, GRID_STRIDE_PX, GRID_STRIDE_PX, 'same'); // pixels beyond the border do not count
  });
}

/** Features [B, h, w, C], each channel standardised. */
export function standardised(features: Tensor4D, { mean, deviation }: ChannelMoments): Tensor4D {
  return features.sub(tf.tensor1d(mean)).div(tf.tensor1d(deviation));
}

/**
 * Features [B, h, w, C] and seen shares [B, h, w, 1] → rows [B · (h − k + 1) · (w − k + 1), D], windows by rows from the
 * north-west. Differentiable for the features and what is learned. Throws DATASET_INVALID for a map without a window.
 */
export function headRows(
  head: GridHead,
  features: Tensor4D,
  seen: Tensor4D,
  learned: LearnedHead = {},
): Tensor2D {
  return tf.tidy(() => {
    const { convolution, projection } = head;
    const weight = learned.weight ?? (convolution && matrixOf(convolution.weight));
    const bias = learned.bias ?? (convolution?.bias && tf.tensor1d(convolution.bias));
    let h = standardised(features, head);
    if (weight) h = pointwise(h, weight); // [B, h, w, C']
    if (bias) h = h.add(bias);
    if (head.pooling !== 'mean') h = unitLength(h);
    const shares = seen.maximum(LEAST_SEEN) as Tensor4D;
    const rows = windowRows(h.mul(shares), head);
    const matrix = learned.matrix ?? (projection && matrixOf(projection.matrix));
    if (!matrix) return unitLength(rows);
    const mean = projection ? tf.tensor1d(projection.mean) : tf.scalar(0);
    if (head.pooling === 'mean') {
      return unitLength(tf.matMul(rows.sub(mean) as Tensor2D, matrix, false, true));
    }
    const { cells } = headSizes(head);
    const seenCells = windowCells(shares, new Float32Array(cells * cells).fill(1), cells);
    const means = mean.reshape([1, projection ? cells * cells : 1, -1]).mul(seenCells.expandDims(2));
    const centred = rows.sub(means.reshape([rows.shape[0], -1])) as Tensor2D;
    const inverse =
      projection && !learned.matrix ? gramInverse(projection.matrix.data, matrix.shape[0]) : undefined;
    return unitLength(rowsOfSeenPart(tf.matMul(centred, matrix, false, true), seenCells, matrix, inverse));
  });
}

function matrixOf({
  data,
  shape,
}: {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}): Tensor2D {
  return tf.tensor2d(data, shape as [number, number]);
}

/** A 1 × 1 convolution: [B, h, w, C] by [C', C] → [B, h, w, C']. */
function pointwise(x: Tensor4D, weight: Tensor2D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.matMul(x.reshape([-1, channels]) as Tensor2D, weight, false, true);
  return rows.reshape([batch, height, width, weight.shape[0]]);
}

/** The weighted cells of every window [B, h, w, C'] → rows [B · nh · nw, W]: one behind the other, or their sum. */
function windowRows(map: Tensor4D, head: GridHead): Tensor2D {
  return windowCells(map, unitCellWeights(head), headSizes(head).cells, head.pooling);
}

function windowCells(
  map: Tensor4D,
  weights: Float32Array,
  cells: number,
  pooling: GridHead['pooling'] = 'grid',
): Tensor2D {
  const [batch, height, width, channels] = map.shape;
  const [down, across] = [height - cells + 1, width - cells + 1];
  if (down < 1 || across < 1) {
    const detail = `A map of ${height} x ${width} cells has no window of ${cells} x ${cells}.`;
    throw new SkyfixError('DATASET_INVALID', detail);
  }
  if (down === 1 && across === 1 && pooling !== 'mean') {
    return map.mul(tf.tensor3d(weights, [cells, cells, 1])).reshape([batch, -1]);
  }
  const weighted = Array.from(weights, (weight, i) => {
    const cell = tf.slice4d(map, [0, Math.floor(i / cells), i % cells, 0], [batch, down, across, channels]);
    return cell.mul(weight) as Tensor4D;
  });
  const windows = pooling === 'mean' ? tf.addN(weighted) : tf.concat(weighted, 3);
  return windows.reshape([batch * down * across, -1]);
}
