// An exponential moving average of a network's weights: what is evaluated and exported may be the average of the last
// steps instead of the last step.
import type { Variable } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';
import type { NamedArray, ParameterStore } from './parameter-store.js';

export interface EmaOptions {
  /** Share of the old average that a step keeps. */
  readonly decay: number;
  /** Lower at the start, min(decay, (1 + t)/(10 + t)) at step t, so that the first weights are soon forgotten. */
  readonly warmup?: boolean;
}

export class Ema {
  readonly #store: ParameterStore;
  readonly #options: EmaOptions;
  readonly #average: Variable;
  #updates = 0;

  /** Starts at the weights that the network has now. */
  constructor(store: ParameterStore, options: EmaOptions) {
    this.#store = store;
    this.#options = options;
    this.#average = tf.tidy(() => tf.variable(store.vector.clone(), false));
  }

  /** average ← decay·average + (1 − decay)·weights; to be called after each step of the optimiser. */
  update(): void {
    this.#updates += 1;
    const { decay, warmup = true } = this.#options;
    const kept = warmup ? Math.min(decay, (1 + this.#updates) / (10 + this.#updates)) : decay;
    tf.tidy(() => {
      const average = this.#average;
      average.assign(average.add(this.#store.vector.sub(average).mul(1 - kept)));
    });
  }

  /** Runs `body` with the average as the network's weights, then puts the trained ones back, also after an error. */
  async use<T>(body: () => T | Promise<T>): Promise<T> {
    const trained = this.#store.vector.clone();
    tf.tidy(() => this.#store.vector.assign(this.#average.clone()));
    try {
      return await body();
    } finally {
      this.#store.vector.assign(trained);
      trained.dispose();
    }
  }

  /** The state for a checkpoint. */
  toArrays(): Record<string, NamedArray> {
    return {
      average: { shape: [this.#store.count], data: (this.#average.dataSync() as Float32Array).slice() },
      updates: { shape: [1], data: Float32Array.of(this.#updates) },
    };
  }

  /** Restores a state that toArrays wrote for a network of the same size. */
  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const { average, updates } = arrays;
    if (average?.data.length !== this.#store.count || !updates) {
      throw new Error(`The averaged weights do not belong to a network of ${this.#store.count} parameters.`);
    }
    tf.tidy(() => this.#average.assign(tf.tensor1d(average.data)));
    this.#updates = updates.data[0] ?? 0;
  }

  dispose(): void {
    this.#average.dispose();
  }
}
