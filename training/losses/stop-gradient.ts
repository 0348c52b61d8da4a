// A value that counts as a constant.
import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { differentiable } from '../networks/index.js';
import { tf } from '../runtime/index.js';

/** The same value with a gradient of zero; the value stays on the device. */
export function stopGradient<T extends Tensor>(x: T): T {
  return differentiable<T>([x], () => ({
    value: x.clone(),
    saved: [],
    gradient: (dy) => [() => tf.zerosLike(dy)],
  }));
}
