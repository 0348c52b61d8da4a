// Operations with a gradient of our own. As tf.customGrad, but a gradient that nobody asks for (a constant network's
// weights, the images) is not computed.
import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';

export interface Differentiable {
  readonly value: Tensor;
  /** Tensors that the gradient needs; inputs too, which may be freed by then. */
  readonly saved: readonly Tensor[];
  /** dy and the saved tensors → one gradient an input, or a function that computes it. */
  gradient(dy: Tensor, saved: readonly Tensor[]): readonly (Tensor | (() => Tensor))[];
}

/** What tf.customGrad itself calls. */
interface Engine {
  runKernelFunc(call: {
    inputs: Record<string, Tensor>;
    forwardFunc: (backend: unknown, save: (tensors: readonly Tensor[]) => void) => Tensor;
    backwardsFunc: (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
  }): Tensor;
}

/** Runs `forward` and notes its closed-form gradient for `inputs`; temporaries of both are freed. */
export function differentiable<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: () => Differentiable,
): T {
  let gradient: Differentiable['gradient'] | undefined;
  const engine = tf.engine() as unknown as Engine;
  return engine.runKernelFunc({
    inputs: Object.fromEntries(inputs.map((input, i) => [i, input])),
    forwardFunc: (_, save) => {
      const result = forward();
      gradient = result.gradient;
      save(result.saved);
      return result.value;
    },
    backwardsFunc: (dy, saved) => {
      const given = gradient?.(dy, saved) ?? [];
      return Object.fromEntries(given.map((each, i) => [i, typeof each === 'function' ? each : () => each]));
    },
  }) as T;
}
