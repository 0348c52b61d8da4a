// Least-squares GAN losses (Mao et al. 2017).
import type { Scalar, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';

/** L_GAN(G) = E[(D(G(x)) − 1)²]; takes D's map for generated images. */
export function generatorLoss(fakeScores: Tensor): Scalar {
  return tf.tidy(() => fakeScores.sub(1).square().mean());
}

/** L(D) = ½·(E[(D(y) − 1)²] + E[D(G(x))²]). */
export function discriminatorLoss(realScores: Tensor, fakeScores: Tensor): Scalar {
  return tf.tidy(() => realScores.sub(1).square().mean().add(fakeScores.square().mean()).mul(0.5) as Scalar);
}
