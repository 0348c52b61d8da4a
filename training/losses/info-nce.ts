// Symmetric InfoNCE as Sample4Geo (Deuser et al. 2023) trains it: the baseline to ablate the triplet against.
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

/** ln(1/0.07), where the learnable scale starts; the loss takes its exponential. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

export interface InfoNceOptions {
  /** Factor on the cosines: a number, or a scalar tensor to learn (tf.exp of the log scale). */
  readonly scale?: number | Tensor;
  /** Share of the target spread evenly over the batch. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of each view over all tiles and of each tile over all views, averaged.
 * @param views [B, D] unit descriptors
 * @param tiles [B, D] unit descriptors, row i the same place as view i
 */
export function infoNce(views: Tensor2D, tiles: Tensor2D, options: InfoNceOptions = {}): Scalar {
  const { scale = Math.exp(INITIAL_LOG_SCALE), labelSmoothing = 0.1 } = options;
  return tf.tidy(() => {
    const count = views.shape[0];
    const logits = tf.matMul(views, tiles, false, true).mul(scale) as Tensor2D;
    const target = tf
      .eye(count)
      .mul(1 - labelSmoothing)
      .add(labelSmoothing / count);
    const rows = (matrix: Tensor2D) => {
      const log = matrix.sub(tf.logSumExp(matrix, 1, true));
      return log.mul(target).sum(1).mean().neg();
    };
    return rows(logits).add(rows(logits.transpose())).mul(0.5) as Scalar;
  });
}
