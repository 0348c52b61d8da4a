// A head on features in TensorFlow, as networks/grid-encoder.ts and the exported graph have it behind the trunk. Here with
// the share of each cell that is seen, which the features themselves do not tell.
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type GridHead, UNIT_LENGTH_EPSILON, unitCellWeights } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';

export interface ChannelMoments {
  /** [C] */
  readonly mean: Float32Array;
  /** [C], above 0. */
  readonly deviation: Float32Array;
}

/** Along the last axis. */
export function unitLength<T extends Tensor>(x: T): T {
  return tf.tidy(() => x.div(tf.sqrt(x.square().sum(-1, true).add(UNIT_LENGTH_EPSILON))));
}

/** Cells [B, k, k, C], each channel standardised. */
function standardised(features: Tensor4D, { mean, deviation }: ChannelMoments): Tensor4D {
  return features.sub(tf.tensor1d(mean)).div(tf.tensor1d(deviation));
}

/** Cells [B, k, k, C] standardised, each of unit length. */
export function unitCells(features: Tensor4D, moments: ChannelMoments): Tensor4D {
  return tf.tidy(() => unitLength(standardised(features, moments)));
}

/** Parts of a head that training changes. */
export interface LearnedHead {
  /** [C', C] */
  readonly weight?: Tensor2D;
  /** [D, k·k·C'] */
  readonly matrix?: Tensor2D;
}

/**
 * Windows' features [B, k, k, C] and seen shares [B, k, k] → descriptors [B, D] of unit length. Differentiable for the features
 * and for `learned`, which stand in for the head's own.
 */
export function headRows(
  head: GridHead,
  features: Tensor4D,
  seen: Tensor3D,
  learned: LearnedHead = {},
): Tensor2D {
  return tf.tidy(() => {
    const [count, cells, , channels] = features.shape;
    const { convolution, projection } = head;
    const weight =
      learned.weight ??
      (convolution && tf.tensor2d(convolution.weight.data, convolution.weight.shape as [number, number]));
    let rows: Tensor2D = standardised(features, head).reshape([-1, channels]);
    if (weight) rows = tf.matMul(rows, weight, false, true);
    if (convolution?.bias) rows = rows.add(tf.tensor1d(convolution.bias));
    const weights: Tensor1D = tf.tensor1d(unitCellWeights(head));
    const shares = seen
      .reshape([count, cells * cells])
      .mul(weights)
      .reshape([-1, 1]);
    const window = unitLength(unitLength(rows).mul(shares).reshape([count, -1]) as Tensor2D);
    if (!projection) return window;
    const matrix =
      learned.matrix ?? tf.tensor2d(projection.matrix.data, projection.matrix.shape as [number, number]);
    return unitLength(tf.matMul(window.sub(tf.tensor1d(projection.mean)) as Tensor2D, matrix, false, true));
  });
}
