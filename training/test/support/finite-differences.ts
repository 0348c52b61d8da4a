// Holds a gradient against central differences along random directions.
import assert from 'node:assert/strict';
import type { Scalar, Tensor } from '@tensorflow/tfjs-node-gpu';
import { seededRandom } from 'skyfix/random';
import { normalNumbers, type ParameterStore, valueAndFlatGrads } from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';

/** A tensor of seeded normal numbers. */
export function normal<T extends Tensor>(shape: readonly number[], seed: number, deviation = 1): T {
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(normalNumbers(seededRandom(seed), count, deviation), [...shape]) as T;
}

/**
 * For every input x: (f(x + h·u) − f(x − h·u)) / 2h = ∇f·u along three random unit directions u. Float32 sums leave
 * an error of about 1e-6/h; `tolerance` is relative to the gradient's length.
 */
export function assertGradients(
  f: (...inputs: Tensor[]) => Scalar,
  inputs: readonly Tensor[],
  step = 1e-2,
  tolerance = 1e-2,
): void {
  const gradients = tf.grads(f as (...args: Tensor[]) => Tensor)([...inputs]);
  inputs.forEach((input, i) => {
    const gradient = gradients[i];
    assert.ok(gradient && gradient.shape.join() === input.shape.join());
    const length = gradient.norm().dataSync()[0] ?? 0;
    assert.ok(length > 1e-6, `input ${i} has no gradient to check`);
    for (const seed of [11, 12, 13]) {
      tf.tidy(() => {
        // Half of the direction is the gradient itself, so that the derivative is never near zero.
        const noise = normal(input.shape, seed * 100 + i);
        const direction = noise.div(noise.norm()).add(gradient.div(length));
        const at = (h: number) =>
          f(...inputs.map((x, k) => (k === i ? x.add(direction.mul(h)) : x))).dataSync()[0] ?? Number.NaN;
        const numeric = (at(step) - at(-step)) / (2 * step);
        const analytic = gradient.mul(direction).sum().dataSync()[0] ?? Number.NaN;
        const error = Math.abs(numeric - analytic) / length;
        assert.ok(
          error < tolerance,
          `input ${i}: numeric ${numeric}, analytic ${analytic}, relative ${error}`,
        );
      });
    }
  });
  tf.dispose(gradients);
}

/**
 * The length of the gradient for all parameters of a store, against the central difference along the gradient itself. Changes
 * the parameters. `tolerance` is relative to that length.
 */
export function assertParameterGradient(
  params: ParameterStore,
  loss: () => Scalar,
  tolerance: number,
  step = 1e-3,
): void {
  const [gradient] = valueAndFlatGrads(() => ({ loss: loss() }), [params]).grads;
  assert.ok(gradient);
  const start = tf.clone(params.vector);
  const length = gradient.norm().dataSync()[0] ?? 0;
  const direction = gradient.div(length);
  const at = (by: number) => {
    params.vector.assign(start.add(direction.mul(by)) as typeof params.vector);
    return loss().dataSync()[0] ?? Number.NaN;
  };
  const numeric = (at(step) - at(-step)) / (2 * step);
  assert.ok(Math.abs(numeric - length) / length < tolerance, `numeric ${numeric}, analytic ${length}`);
}
