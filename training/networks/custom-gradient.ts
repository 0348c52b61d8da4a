// tf.customGrad with the types it has in practice.
import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/tf.js';

export interface Differentiable {
  readonly value: Tensor;
  /** Tensors that the gradient needs; inputs too, which may be freed by then. */
  readonly saved: readonly Tensor[];
  /** dy and the saved tensors → one gradient an input. */
  gradient(dy: Tensor, saved: readonly Tensor[]): readonly Tensor[];
}

/** Runs `forward` and notes its closed-form gradient for `inputs`; temporaries of both are freed. */
export function differentiable<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: () => Differentiable,
): T {
  const f = (...args: unknown[]) => {
    const save = args[args.length - 1] as (tensors: Tensor[]) => void;
    let result: Differentiable | undefined;
    tf.tidy(() => {
      result = forward();
      return [result.value, ...result.saved];
    });
    const { value, saved, gradient } = result as unknown as Differentiable;
    save([...saved]);
    return {
      value,
      gradFunc: (dy: Tensor, kept: Tensor[]) => tf.tidy(() => [...gradient(dy, kept)]),
    };
  };
  return tf.customGrad(f as unknown as Parameters<typeof tf.customGrad>[0])(...(inputs as Tensor[])) as T;
}
