// Hard-sample triplet with dynamic weights, paper equation (8), and the plain one (Hermans et al. 2017).
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';
import { stopGradient } from './stop-gradient.js';

export interface HardTripletOptions {
  /** Place of each row: rows of one place are positives, never negatives; default: every row its own. */
  readonly places?: readonly number[];
  /**
   * [B views, B tiles], 1 where a view and a tile may be of the same place without being known for a pair: such an entry is
   * no negative (nor a positive). The diagonal is always positive.
   */
  readonly exclude?: Tensor2D;
  /** α, on cosine distance. */
  readonly margin?: number;
  /** 'none': every anchor counts alike. */
  readonly weights?: 'dynamic' | 'none';
  /** τ_w: how fast the weight grows with hardness. */
  readonly weightTemperature?: number;
}

/**
 * L = mean_a w_a·max(0, d(a,p) − d(a,n) + α), d = 1 − cos; p the hardest positive (lowest similarity), n the hardest
 * negative (highest) of the batch; w_a = exp((s_an − s_ap)/τ_w), normalised to mean 1 and clipped to [0.1, 10],
 * without gradient. Both directions, averaged. An anchor without a negative adds nothing.
 * @param views [B, D] unit descriptors of the generated views
 * @param tiles [B, D] unit descriptors of the tiles, row i the same place as view i
 */
export function hardTriplet(views: Tensor2D, tiles: Tensor2D, options: HardTripletOptions = {}): Scalar {
  return tf.tidy(() => {
    const positives = samePlaces(views.shape[0], options.places); // [B, B]
    const excluded = options.exclude ? tf.maximum(positives, options.exclude) : positives;
    const negatives = tf.sub(1, excluded) as Tensor2D;
    const similarity = tf.matMul(views, tiles, false, true) as Tensor2D; // [B views, B tiles]
    const forward = oneDirection(similarity, positives, negatives, options);
    const backward = oneDirection(tf.transpose(similarity), positives, tf.transpose(negatives), options);
    return forward.add(backward).mul(0.5) as Scalar;
  });
}

/** Rows are anchors. Cosines lie in [−1, 1], so ±4 takes an entry out of a minimum or maximum. */
function oneDirection(
  similarity: Tensor2D,
  positives: Tensor2D,
  negatives: Tensor2D,
  options: HardTripletOptions,
): Scalar {
  const { margin = 0.2, weights = 'dynamic', weightTemperature = 0.2 } = options;
  const positive = similarity.add(tf.sub(1, positives).mul(4)).min(1) as Tensor1D; // s_ap [B]
  const negative = similarity.sub(tf.sub(1, negatives).mul(4)).max(1) as Tensor1D; // s_an [B]
  const hinge = tf.relu(negative.sub(positive).add(margin)).mul(negatives.max(1)); // [B]
  if (weights === 'none') return hinge.mean();
  const weight = dynamicWeights(positive, negative, negatives.max(1), weightTemperature);
  return weight.mul(hinge).mean();
}

/** w_a [B] as a constant. `counts` is 1 for anchors with a negative: only they are in the mean. */
function dynamicWeights(
  positive: Tensor1D,
  negative: Tensor1D,
  counts: Tensor1D,
  temperature: number,
): Tensor1D {
  const hardness = stopGradient(negative).sub(stopGradient(positive));
  const raw = hardness.div(temperature).exp().mul(counts);
  const mean = raw.sum().div(tf.maximum(counts.sum(), 1));
  return raw.div(tf.maximum(mean, 1e-30)).clipByValue(0.1, 10) as Tensor1D;
}

/** [B, B]: 1 where two rows are of one place. */
export function samePlaces(count: number, places?: readonly (number | string)[]): Tensor2D {
  if (!places) return tf.eye(count);
  if (places.length !== count) throw new RangeError(`${places.length} places for a batch of ${count}.`);
  const same = new Float32Array(count * count);
  places.forEach((a, i) => {
    places.forEach((b, j) => {
      if (a === b) same[i * count + j] = 1;
    });
  });
  return tf.tensor2d(same, [count, count]);
}
