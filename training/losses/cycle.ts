// Cycle consistency and identity (Zhu et al. 2017): mean absolute differences.
import type { Scalar, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';

/** λ_id / λ_cycle, CycleGAN's default. The paper has no identity loss. */
export const IDENTITY_SHARE = 0.5;

/** One direction of L_cyc = E‖F(G(x)) − x‖₁ + E‖G(F(y)) − y‖₁, averaged over pixels and channels. */
export function cycleLoss(reconstruction: Tensor, original: Tensor): Scalar {
  return tf.tidy(() => reconstruction.sub(original).abs().mean());
}

/** One direction of L_id = E‖G(y) − y‖₁ + E‖F(x) − x‖₁: a generator leaves an image of its own output domain alone. */
export function identityLoss(output: Tensor, input: Tensor): Scalar {
  return cycleLoss(output, input);
}
