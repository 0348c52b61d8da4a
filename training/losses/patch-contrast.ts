// Multi-scale patch contrast, paper equation (4), and equation (2), the one of CUT (Park et al. 2020).
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { tf } from '../runtime/index.js';

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

export interface PatchContrastOptions {
  /** Sampled positions per layer (256 in the paper), all where the map is smaller. */
  readonly positions?: number;
  /** Seed of the sampling; the same for every image of the batch. */
  readonly seed: number;
  readonly temperature?: number;
  /** Which of C's layers count, finest first; all by default. */
  readonly layers?: readonly number[];
}

/**
 * ℓ = −log( e^{v·v⁺/τ} / (e^{v·v⁺/τ} + Σ e^{v·v⁻/τ}) ), mean over positions and batch, sum over layers.
 * anchors: C_l(G(x)); positives: C_l(y) of the paired real satellite image, or C_l(x), equation (2); per layer unit
 * vectors [B, n, n, P]. Negatives are the other sampled positions of the same image.
 */
export function patchContrast(
  anchors: readonly Tensor4D[],
  positives: readonly Tensor4D[],
  options: PatchContrastOptions,
): Scalar {
  const { positions = 256, seed, temperature = PATCH_TEMPERATURE } = options;
  const { layers = anchors.map((_, layer) => layer) } = options;
  const uniform = seededRandom(seed);
  return tf.tidy(() => {
    const losses = layers.map((layer) => {
      const [anchor, positive] = [anchors[layer], positives[layer]];
      if (!anchor || !positive) throw new RangeError(`There is no layer ${layer} to contrast.`);
      const sampled = samplePositions(anchor.shape[1] * anchor.shape[2], positions, uniform);
      const v = rowsAt(anchor, sampled); // [B, s, P]
      const w = rowsAt(positive, sampled);
      const logits = tf.matMul(v, w, false, true).div(temperature); // [B, s, s], the diagonal is the positive
      const own = v.mul(w).sum(2).div(temperature); // [B, s]
      return tf.logSumExp(logits, 2).sub(own).mean() as Scalar;
    });
    return losses.length === 0 ? tf.scalar(0) : tf.addN(losses);
  });
}

/** A batch of stage 1, [B, S, S, 3] each. */
export interface ContrastImages {
  /** G(x) */
  readonly generated: Tensor4D;
  /** x, what G translated. */
  readonly input: Tensor4D;
  /** y, the real satellite images. */
  readonly satellite: Tensor4D;
}

export interface ImageContrastOptions extends PatchContrastOptions {
  /**
   * 'paired': v⁺ = C_l(y), equation (4), from the paired real satellite image; 'input': v⁺ = C_l(x), equation (2), which needs
   * no pairs.
   */
  readonly positive: 'paired' | 'input';
  /** Images of the batch that are contrasted, e.g. those whose pair is labelled; all by default. */
  readonly rows?: readonly number[];
}

/**
 * L_PC of a batch: encodes the images that the option needs, and no others, with C and contrasts them. Without rows it
 * is 0.
 * @param encode C: [B, S, S, 3] → per layer unit vectors [B, n, n, P]
 */
export function imageContrast(
  encode: (images: Tensor4D) => readonly Tensor4D[],
  images: ContrastImages,
  options: ImageContrastOptions,
): Scalar {
  return pairedContrast((anchors, positives) => [encode(anchors), encode(positives)], images, options);
}

/** Anchors and positives [B, S, S, 3] → of each, per layer, unit vectors [B, n, n, P]. */
export type EncodePair = (
  anchors: Tensor4D,
  positives: Tensor4D,
) => readonly [readonly Tensor4D[], readonly Tensor4D[]];

/** The same where C sees anchors and positives together. */
export function pairedContrast(
  encode: EncodePair,
  images: ContrastImages,
  options: ImageContrastOptions,
): Scalar {
  const { rows } = options;
  if (rows?.length === 0) return tf.scalar(0);
  return tf.tidy(() => {
    const taken = (batch: Tensor4D) => (rows ? tf.gather(batch, tf.tensor1d([...rows], 'int32')) : batch);
    const positive = options.positive === 'paired' ? images.satellite : images.input;
    const [anchors, positives] = encode(taken(images.generated), taken(positive));
    return patchContrast(anchors, positives, options);
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
