// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) on a network's flat vector, with PyTorch's
// placement of epsilon: p −= lr·m̂/(√v̂ + ε).
import type { Tensor1D, Variable } from '@tensorflow/tfjs-node-gpu';
import { hasKernels, runKernelInPlace, tf } from '../runtime/index.js';
import { clipFactor } from './gradients.js';
import type { NamedArray, ParameterStore } from './parameter-store.js';

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled; parameters with one dimension (biases, norms, layer scale) are left out. */
  readonly weightDecay?: number;
}

export class Adam {
  readonly #store: ParameterStore;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #weightDecay: number;
  readonly #m: Variable;
  readonly #v: Variable;
  readonly #decayMask: Variable | undefined;
  #steps = 0;

  constructor(store: ParameterStore, options: AdamOptions = {}) {
    this.#store = store;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#epsilon = options.epsilon ?? 1e-8;
    this.#weightDecay = options.weightDecay ?? 0;
    this.#m = tf.tidy(() => tf.variable(tf.zeros([store.count]), false));
    this.#v = tf.tidy(() => tf.variable(tf.zeros([store.count]), false));
    if (this.#weightDecay > 0) {
      const mask = new Float32Array(store.count);
      let offset = 0;
      for (const shape of store.shapes.values()) {
        const size = shape.reduce((a, b) => a * b, 1);
        if (shape.length > 1) mask.fill(1, offset, offset + size);
        offset += size;
      }
      this.#decayMask = tf.tidy(() => tf.variable(tf.tensor1d(mask), false));
    }
  }

  /**
   * Updates the network by one step. The gradient [count] is shortened to `longest` where it is longer; it stays the
   * caller's, to be disposed.
   */
  step(gradient: Tensor1D, learningRate: number, longest = Number.POSITIVE_INFINITY): void {
    this.#steps += 1;
    const correction1 = 1 - this.#beta1 ** this.#steps;
    const correction2 = 1 - this.#beta2 ** this.#steps;
    const clips = Number.isFinite(longest);
    if (hasKernels()) {
      const shrink = learningRate * this.#weightDecay;
      const numbers = [
        this.#beta1,
        this.#beta2,
        this.#epsilon,
        correction1,
        correction2,
        learningRate,
        shrink,
      ];
      tf.tidy(() => {
        const factor = clips ? clipFactor(gradient, longest).reshape([1]) : tf.ones([1]);
        const others = [gradient, factor, this.#decayMask ?? tf.zeros([0]), tf.tensor1d(numbers)];
        runKernelInPlace('SkyfixAdam', [this.#store.vector, this.#m, this.#v], others);
      });
      return;
    }
    tf.tidy(() => {
      const clipped = clips ? gradient.mul(clipFactor(gradient, longest)) : gradient;
      const m = this.#m.mul(this.#beta1).add(clipped.mul(1 - this.#beta1));
      const v = this.#v.mul(this.#beta2).add(clipped.square().mul(1 - this.#beta2));
      this.#m.assign(m);
      this.#v.assign(v);
      const direction = m.div(v.div(correction2).sqrt().add(this.#epsilon));
      const vector = this.#store.vector;
      const moved = vector.sub(direction.mul(learningRate / correction1));
      vector.assign(
        this.#decayMask
          ? moved.sub(vector.mul(this.#decayMask).mul(learningRate * this.#weightDecay))
          : moved,
      );
    });
  }

  /** The state for a checkpoint: both moments and the number of steps. */
  toArrays(): Record<string, NamedArray> {
    const shape = [this.#store.count];
    return {
      m: { shape, data: (this.#m.dataSync() as Float32Array).slice() },
      v: { shape, data: (this.#v.dataSync() as Float32Array).slice() },
      steps: { shape: [1], data: Float32Array.of(this.#steps) },
    };
  }

  /** Restores a state that toArrays wrote for a network of the same size. */
  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const { m, v, steps } = arrays;
    if (m?.data.length !== this.#store.count || v?.data.length !== this.#store.count || !steps) {
      throw new Error(`The optimiser state does not belong to a network of ${this.#store.count} parameters.`);
    }
    tf.tidy(() => {
      this.#m.assign(tf.tensor1d(m.data));
      this.#v.assign(tf.tensor1d(v.data));
    });
    this.#steps = steps.data[0] ?? 0;
  }

  dispose(): void {
    this.#m.dispose();
    this.#v.dispose();
    this.#decayMask?.dispose();
  }
}
