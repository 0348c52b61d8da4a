// A value that counts as a constant.
import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

const constant = tf.customGrad((x) => ({
  value: (x as Tensor).clone(),
  gradFunc: (dy: Tensor) => tf.zerosLike(dy),
}));

/** The same value with a gradient of zero; the value stays on the device. */
export function stopGradient<T extends Tensor>(x: T): T {
  return constant(x) as T;
}
