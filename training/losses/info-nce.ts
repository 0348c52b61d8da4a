// Symmetric InfoNCE as Sample4Geo (Deuser et al. 2023) trains it: the baseline to ablate the triplet against.
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { ParameterStore } from '../networks/index.js';
import { tf } from '../runtime/index.js';

/** ln(1/0.07), where the learnable scale starts; the loss takes its exponential. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

/** Takes an entry out of a softmax: cosines times any scale in use stay far above it. */
const OUT = -1e9;

/** The scale of InfoNCE as a parameter: its logarithm, one scalar. */
export interface LearnableScale {
  /** For the optimiser and the checkpoint, beside the encoder's. */
  readonly params: ParameterStore;
  /** exp of the parameter, differentiable inside valueAndFlatGrads; pass it to infoNce. */
  apply(): Scalar;
}

export function createLearnableScale(logScale: number = INITIAL_LOG_SCALE): LearnableScale {
  const params = new ParameterStore([{ name: 'logScale', shape: [], data: Float32Array.of(logScale) }]);
  return { params, apply: () => tf.tidy(() => params.use(() => tf.exp(params.get<Scalar>('logScale')))) };
}

export interface InfoNceOptions {
  /** Factor on the cosines: a number, or a scalar tensor to learn (tf.exp of the log scale). */
  readonly scale?: number | Tensor;
  /** Share of the target spread evenly over the batch. */
  readonly labelSmoothing?: number;
  /**
   * [B views, B tiles], 1 where a view and a tile may be of the same place: such an entry is in no sum and gets no
   * share of the smoothing. The diagonal always stays.
   */
  readonly exclude?: Tensor2D;
}

/**
 * Cross-entropy of each view over all tiles and of each tile over all views, averaged.
 * @param views [B, D] unit descriptors
 * @param tiles [B, D] unit descriptors, row i the same place as view i
 */
export function infoNce(views: Tensor2D, tiles: Tensor2D, options: InfoNceOptions = {}): Scalar {
  const { scale = Math.exp(INITIAL_LOG_SCALE), labelSmoothing = 0.1, exclude } = options;
  return tf.tidy(() => {
    const own = tf.eye(views.shape[0]);
    const logits = tf.matMul(views, tiles, false, true).mul(scale) as Tensor2D;
    const kept: Tensor2D = exclude ? tf.maximum(own, tf.sub(1, exclude)) : tf.onesLike(own); // [B, B]
    const rows = (matrix: Tensor2D, inside: Tensor2D) => {
      const masked = exclude ? matrix.mul(inside).add(tf.sub(1, inside).mul(OUT)) : matrix;
      const log = masked.sub(tf.logSumExp(masked, 1, true));
      const spread = inside.div(inside.sum(1, true)).mul(labelSmoothing);
      return log
        .mul(own.mul(1 - labelSmoothing).add(spread))
        .sum(1)
        .mean()
        .neg();
    };
    const forward = rows(logits, kept);
    return forward.add(rows(tf.transpose(logits), tf.transpose(kept))).mul(0.5) as Scalar;
  });
}
