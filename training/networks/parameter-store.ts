// All parameters of one network in one flat vector: the optimiser then updates a network with a few operations
// instead of a few per tensor. Layers see differentiable views.
import type { Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import { tf } from '../runtime/index.js';

/** A named array as files keep it. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a network declares: name, shape and first values of each parameter. */
export interface ParameterSpec extends NamedArray {
  readonly name: string;
}

export class ParameterStore {
  readonly names: readonly string[];
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Number of scalars. */
  readonly count: number;
  /** [count] */
  readonly vector: Variable;
  readonly #sizes: number[];
  #views: Map<string, Tensor> | undefined;

  constructor(specs: readonly ParameterSpec[]) {
    this.names = specs.map((spec) => spec.name);
    this.shapes = new Map(specs.map((spec) => [spec.name, spec.shape]));
    if (this.shapes.size !== specs.length) throw new Error('A parameter name occurs twice.');
    this.#sizes = specs.map((spec) => spec.data.length);
    this.count = this.#sizes.reduce((a, b) => a + b, 0);
    const flat = new Float32Array(this.count);
    let offset = 0;
    for (const spec of specs) {
      flat.set(spec.data, offset);
      offset += spec.data.length;
    }
    this.vector = tf.tidy(() => tf.variable(tf.tensor1d(flat)));
  }

  /** A parameter in its shape, differentiable; valid inside `use` only. */
  get<T extends Tensor = Tensor>(name: string): T {
    const view = this.#views?.get(name);
    if (!view) throw new Error(`Parameter "${name}" is unknown, or get() was called outside use().`);
    return view as T;
  }

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  /** Cuts the vector into views, in order of `names`. The caller disposes them (or runs inside tf.tidy). */
  split(): Tensor[] {
    if (this.names.length === 0) return [];
    const parts = tf.split(this.vector as unknown as Tensor1D, this.#sizes, 0);
    return parts.map((part, i) => {
      const shape = this.shapes.get(this.names[i] ?? '') ?? [];
      return shape.length === 1 ? part : part.reshape([...shape]);
    });
  }

  /** Runs `body` with the given views (or with fresh ones where none are open); views do not outlive it. */
  use<T>(body: () => T, views?: readonly Tensor[]): T {
    if (this.#views && !views) return body();
    const before = this.#views;
    const tensors = views ?? this.split();
    this.#views = new Map(tensors.map((tensor, i) => [this.names[i] ?? '', tensor]));
    try {
      return body();
    } finally {
      this.#views = before;
    }
  }

  /** A copy of every parameter, e.g. for a checkpoint. */
  toArrays(): Record<string, NamedArray> {
    const flat = this.vector.dataSync() as Float32Array;
    const arrays: Record<string, NamedArray> = {};
    let offset = 0;
    this.names.forEach((name, i) => {
      const size = this.#sizes[i] ?? 0;
      arrays[name] = { shape: this.shapes.get(name) ?? [], data: flat.slice(offset, offset + size) };
      offset += size;
    });
    return arrays;
  }

  /** Takes every parameter from `arrays`; throws DATASET_INVALID when one is missing or has another shape. */
  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const flat = new Float32Array(this.count);
    let offset = 0;
    this.names.forEach((name, i) => {
      const size = this.#sizes[i] ?? 0;
      const array = arrays[name];
      const shape = this.shapes.get(name) ?? [];
      if (!array || array.data.length !== size || array.shape.join() !== shape.join()) {
        const found = array ? `[${array.shape.join(', ')}]` : 'nothing';
        throw new SkyfixError(
          'DATASET_INVALID',
          `Parameter ${name} needs [${shape.join(', ')}], the file has ${found}.`,
        );
      }
      flat.set(array.data, offset);
      offset += size;
    });
    tf.tidy(() => this.vector.assign(tf.tensor1d(flat)));
  }

  dispose(): void {
    this.vector.dispose();
  }
}
