// Hard-sample triplet with dynamic weights, paper equation (8).
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

export interface HardTripletOptions {
  /** Place of each row: rows of one place are positives, never negatives; default: every row its own. */
  readonly places?: readonly number[];
  /** α, on cosine distance. */
  readonly margin?: number;
  /** τ_w: how fast the weight grows with hardness. */
  readonly weightTemperature?: number;
}

/**
 * L = mean_a w_a·max(0, d(a,p) − d(a,n) + α), d = 1 − cos; p the hardest positive (lowest similarity), n the hardest
 * negative (highest) of the batch; w_a = exp((s_an − s_ap)/τ_w), normalised to mean 1 and clipped to [0.1, 10],
 * without gradient. Both directions, averaged.
 * @param views [B, D] unit descriptors of the generated views
 * @param tiles [B, D] unit descriptors of the tiles, row i the same place as view i
 */
export function hardTriplet(views: Tensor2D, tiles: Tensor2D, options: HardTripletOptions = {}): Scalar {
  return tf.tidy(() => {
    const count = views.shape[0];
    const place = options.places ?? Array.from({ length: count }, (_, i) => i);
    const same = tf.tensor2d(
      place.map((a) => place.map((b) => (a === b ? 1 : 0))),
      [count, count],
    );
    const similarity = tf.matMul(views, tiles, false, true) as Tensor2D; // [B views, B tiles]
    const forward = oneDirection(similarity, same, options);
    const backward = oneDirection(similarity.transpose() as Tensor2D, same, options);
    return forward.add(backward).mul(0.5) as Scalar;
  });
}

/** Rows are anchors. Cosines lie in [−1, 1], so ±4 takes an entry out of a minimum or maximum. */
function oneDirection(similarity: Tensor2D, same: Tensor2D, options: HardTripletOptions): Scalar {
  const { margin = 0.2, weightTemperature = 0.2 } = options;
  const other = tf.sub(1, same);
  const positive = similarity.add(other.mul(4)).min(1); // s_ap [B]
  const negative = similarity.sub(same.mul(4)).max(1); // s_an [B]
  const weight = dynamicWeights(similarity, same, weightTemperature);
  return weight.mul(tf.relu(negative.sub(positive).add(margin))).mean() as Scalar;
}

/** w_a [B] as a constant: computed from the values, outside the gradient. */
function dynamicWeights(similarity: Tensor2D, same: Tensor2D, temperature: number) {
  const rows = similarity.arraySync();
  const isSame = same.arraySync();
  const raw = rows.map((row, a) => {
    const positives = row.filter((_, b) => isSame[a]?.[b] === 1);
    const negatives = row.filter((_, b) => isSame[a]?.[b] === 0);
    if (negatives.length === 0) return 0;
    return Math.exp((Math.max(...negatives) - Math.min(...positives)) / temperature);
  });
  const mean = raw.reduce((a, b) => a + b, 0) / raw.length || 1;
  return tf.tensor1d(raw.map((w) => Math.min(10, Math.max(0.1, w / mean))));
}
