// Exact search by matrix products in TensorFlow: for evaluation, where thousands of looks ask the same tiles.
import type { Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { SkyfixError } from 'skyfix/errors';
import {
  type AllowedRows,
  bestOfLooks,
  compareHits,
  type Hit,
  type LookPairs,
  placeOfHighest,
  RowSet,
  type VectorIndex,
} from 'skyfix/search';
import { tf } from '../runtime/index.js';
import type { Descriptors } from './retrieval.js';

interface Asked {
  readonly descriptor: Float32Array;
  readonly answer: (similarities: Float32Array) => void;
  readonly fail: (error: unknown) => void;
}

/** Searches that are begun in one turn share a product. */
export class MatrixIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  #tiles: Tensor2D | undefined;
  #asked: Asked[] = [];

  constructor({ count, dimensions, data }: Descriptors) {
    this.count = count;
    this.dimensions = dimensions;
    this.#tiles = tf.tensor2d(data, [count, dimensions]);
  }

  get state() {
    return this.#tiles ? 'ready' : 'closed';
  }

  async search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]> {
    const scores = await this.#similaritiesOf(descriptor);
    const { rows } = allowed ? RowSet.from(allowed, this.count) : RowSet.all(this.count);
    return Array.from(highest(scores, rows, k), (row): Hit => ({ row, score: scores[row] as number })).sort(
      compareHits,
    );
  }

  async searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: AllowedRows,
  ): Promise<readonly Hit[]> {
    const searches = descriptors.map((descriptor) => this.search(descriptor, k, allowed));
    return bestOfLooks(await Promise.all(searches), k);
  }

  async cosines(descriptors: readonly Float32Array[], { looks, rows }: LookPairs): Promise<Float32Array> {
    const open = this.#open();
    if (rows.length === 0) return new Float32Array(0);
    const distinct = Int32Array.from(new Set(rows));
    const columns = new Map(Array.from(distinct, (row, column) => [row, column]));
    const products = tf.tidy(() => productsOf(descriptors, tf.gather(open, tf.tensor1d(distinct, 'int32'))));
    return Float32Array.from(
      rows,
      (row, k) => products[(looks[k] as number) * distinct.length + (columns.get(row) as number)] as number,
    );
  }

  async mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    const tiles = this.#open();
    const products = tf.tidy(() =>
      productsOf(descriptors, tf.gather(tiles, tf.tensor1d(Int32Array.from(rows), 'int32'))),
    );
    return Uint32Array.from(descriptors, (_, k) =>
      placeOfHighest(products.subarray(k * rows.length, (k + 1) * rows.length)),
    );
  }

  async close(): Promise<void> {
    this.#tiles?.dispose();
    this.#tiles = undefined;
  }

  #open(): Tensor2D {
    if (!this.#tiles) throw new SkyfixError('NOT_READY', 'The index is closed.');
    return this.#tiles;
  }

  #similaritiesOf(descriptor: Float32Array): Promise<Float32Array> {
    return new Promise((answer, fail) => {
      if (this.#asked.length === 0) queueMicrotask(() => this.#answerAll());
      this.#asked.push({ descriptor, answer, fail });
    });
  }

  #answerAll(): void {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const { count } = this;
      const descriptors = asked.map(({ descriptor }) => descriptor);
      const products = productsOf(descriptors, this.#open());
      for (const [k, { answer }] of asked.entries()) answer(products.subarray(k * count, (k + 1) * count));
    } catch (error) {
      for (const { fail } of asked) fail(error);
    }
  }
}

/** [descriptors * tiles]: the cosines of each descriptor with all of some tiles [n, D]. */
function productsOf(descriptors: readonly Float32Array[], tiles: Tensor2D): Float32Array {
  const [, dimensions] = tiles.shape;
  const queries = new Float32Array(descriptors.length * dimensions);
  for (const [k, descriptor] of descriptors.entries()) queries.set(descriptor, k * dimensions);
  return tf.tidy(() => {
    const rows = tf.tensor2d(queries, [descriptors.length, dimensions]);
    return tf.clipByValue(tf.matMul(rows, tiles, false, true), -1, 1).dataSync() as Float32Array;
  });
}

/** The k rows with the highest scores, in no order; of equal scores those of lower rows. */
function highest(scores: Float32Array, rows: Uint32Array, k: number): Uint32Array {
  if (rows.length <= k) return rows;
  const sorted = Float32Array.from(rows, (row) => scores[row] as number).sort();
  const limit = sorted[sorted.length - k] as number;
  const above = rows.filter((row) => (scores[row] as number) > limit);
  const equal = rows.filter((row) => scores[row] === limit).subarray(0, k - above.length);
  const all = new Uint32Array(above.length + equal.length);
  all.set(above);
  all.set(equal, above.length);
  return all;
}
