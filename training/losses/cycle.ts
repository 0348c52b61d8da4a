// Cycle consistency (Zhu et al. 2017).
import type { Scalar, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

/** One direction of L_cyc = E‖F(G(x)) − x‖₁ + E‖G(F(y)) − y‖₁, averaged over pixels and channels. Also the identity loss. */
export function cycleLoss(reconstruction: Tensor, original: Tensor): Scalar {
  return tf.tidy(() => reconstruction.sub(original).abs().mean());
}
