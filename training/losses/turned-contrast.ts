// InfoNCE of views whose heading is told, told about, or not told at all: wrong tiles compete, and so do the same view's turned
// copies, so that a false place under a false heading is pushed below the true place under the true one. In the manner of
// contrastive learning with hard negatives of the anchor's own (Khosla et al. 2020, eq. 2), over headings x tiles.
import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';

export interface TurnedContrastOptions {
  /** Factor on the cosines. */
  readonly scale: number;
  /** Share of the target that is spread evenly over all that competes. */
  readonly labelSmoothing: number;
  /** [B, H]: 1 for turned copies that a heading told to within 45 degrees leaves possible. */
  readonly about: Tensor2D;
  /** [B, T]: 1 where a view and a tile may be of the same place: in no sum. The diagonal always stays. */
  readonly exclude?: Tensor2D;
}

/** Takes an entry out of a softmax. */
const OUT = -1e9;

/**
 * The mean of four cross-entropies: of each view over the tiles (heading known); over the tiles under its own and the turned
 * headings within 45 degrees; over the tiles under all of its headings (unknown); and of each tile over the views under all
 * of theirs.
 * @param views [B, D] unit descriptors under the true heading
 * @param turned [B, H, D] the same views turned
 * @param tiles [T, D], T >= B: row i the same place as view i, then further ones
 */
export function turnedContrast(
  views: Tensor2D,
  turned: Tensor3D,
  tiles: Tensor2D,
  { scale, labelSmoothing, about, exclude }: TurnedContrastOptions,
): Scalar {
  return tf.tidy(() => {
    const [batch, copies, dimensions] = turned.shape;
    const others = tiles.shape[0];
    const cosines = (rows: Tensor2D) => tf.matMul(rows, tiles, false, true).mul(scale) as Tensor2D;
    const own = tf.eye(batch, others) as Tensor2D;
    const kept = exclude ? tf.maximum(own, tf.sub(1, exclude)) : tf.onesLike(own);
    const straight = cosines(views); // [B, T]
    const falsely = cosines(turned.reshape([batch * copies, dimensions])); // [B H, T]

    const known = crossEntropy(straight, own, kept as Tensor2D, labelSmoothing);
    const among = (mask: Tensor2D): Scalar => {
      const under = falsely.reshape([batch, copies * others]);
      const inside = mask
        .expandDims(2)
        .tile([1, 1, others])
        .reshape([batch, copies * others]);
      return crossEntropy(
        tf.concat([straight, under], 1) as Tensor2D,
        tf.concat([own, tf.zerosLike(under)], 1) as Tensor2D,
        tf.concat([kept, inside], 1) as Tensor2D,
        labelSmoothing,
      );
    };
    // Of the tiles that have a view: over all views, straight and turned.
    const firsts = (rows: Tensor): Tensor => rows.slice([0, 0], [-1, batch]).transpose();
    const inside = tf.ones([batch, batch * copies]);
    const back = crossEntropy(
      tf.concat([firsts(straight), firsts(falsely)], 1) as Tensor2D,
      tf.concat([tf.eye(batch), tf.zerosLike(inside)], 1) as Tensor2D,
      tf.concat([firsts(kept), inside], 1) as Tensor2D,
      labelSmoothing,
    );
    return tf.addN([known, among(about), among(tf.onesLike(about)), back]).div(4) as Scalar;
  });
}

/** Of rows of logits, over what is inside, with the target's share spread over it. */
function crossEntropy(logits: Tensor2D, target: Tensor2D, inside: Tensor2D, smoothing: number): Scalar {
  const masked = logits.mul(inside).add(tf.sub(1, inside).mul(OUT)) as Tensor2D;
  const log = masked.sub(tf.logSumExp(masked, 1, true));
  const spread = inside.div(inside.sum(1, true)).mul(smoothing);
  const wanted = target.mul(1 - smoothing).add(spread);
  return log.mul(wanted).sum(1).mean().neg() as Scalar;
}
