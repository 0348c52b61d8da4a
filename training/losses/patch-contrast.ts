// Multi-scale patch contrast, paper equation (4).
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

/** τ of equation (4). */
export const PATCH_TEMPERATURE = 0.07;

/**
 * `count` different positions out of `size` (all of them where there are fewer), drawn by a partial
 * Fisher–Yates shuffle from the seeded `uniform`.
 */
export function samplePositions(size: number, count: number, uniform: () => number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  const taken = Math.min(count, size);
  for (let i = 0; i < taken; i++) {
    const j = i + Math.floor(uniform() * (size - i));
    const swap = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swap;
  }
  return order.slice(0, taken);
}

/**
 * ℓ = −log( e^{v·v⁺/τ} / (e^{v·v⁺/τ} + Σ e^{v·v⁻/τ}) ), mean over positions and batch, sum over layers.
 * anchors: C_l(G(x)); positives: C_l(y) of the paired real satellite image (option "input": C_l(x), equation (2));
 * per layer unit vectors [B, n, n, P]. Negatives are the other sampled positions of the same image.
 * positions: per layer the flat positions, shared by the batch.
 */
export function patchContrastLoss(
  anchors: readonly Tensor4D[],
  positives: readonly Tensor4D[],
  positions: readonly Int32Array[],
  temperature = PATCH_TEMPERATURE,
): Scalar {
  return tf.tidy(() => {
    const layers = anchors.map((anchor, layer) => {
      const positive = positives[layer];
      const sampled = positions[layer];
      if (!positive || !sampled) throw new Error(`Layer ${layer} has no positives or no positions.`);
      const v = rowsAt(anchor, sampled); // [B, s, P]
      const w = rowsAt(positive, sampled);
      const logits = tf.matMul(v, w, false, true).div(temperature); // [B, s, s], the diagonal is the positive
      const own = v.mul(w).sum(2).div(temperature); // [B, s]
      return tf.logSumExp(logits, 2).sub(own).mean() as Scalar;
    });
    return tf.addN(layers);
  });
}

/** The vectors at flat positions: [B, n, n, P] → [B, s, P]. */
function rowsAt(map: Tensor4D, positions: Int32Array) {
  const [batch, height, width, channels] = map.shape;
  const flat = map.reshape([batch * height * width, channels]) as Tensor2D;
  const indices = new Int32Array(batch * positions.length);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < positions.length; i++) {
      indices[b * positions.length + i] = b * height * width + (positions[i] ?? 0);
    }
  }
  const index = tf.tensor1d(indices, 'int32') as Tensor1D;
  return tf.gather(flat, index).reshape([batch, positions.length, channels]);
}
