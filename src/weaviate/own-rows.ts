// Descriptors of rows in the version's own files, which the collection was written from: nothing is fetched.
import {
  arraysOf,
  asFloats,
  type Hit,
  type LookPairs,
  type MappedDescriptors,
  RowProducts,
  rowOf,
  type StoredDescriptors,
} from '../search/index.js';
import type { KnownRows } from './known-rows.js';

export class OwnRows implements KnownRows {
  readonly #parts: readonly StoredDescriptors[];
  readonly #products: RowProducts;
  readonly mostRows: number;

  constructor(descriptors: StoredDescriptors | MappedDescriptors) {
    this.#parts = arraysOf(descriptors);
    this.#products = new RowProducts(this.#parts);
    this.mostRows = descriptors.count;
  }

  async cosines(queries: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    return this.#products.cosines(queries, pairs);
  }

  async mostAlike(queries: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    return this.#products.mostAlike(queries, rows);
  }

  async best(queries: readonly Float32Array[], k: number, rows: Iterable<number>): Promise<readonly Hit[]> {
    return this.#products.best(queries, k, Uint32Array.from(rows));
  }

  async descriptors(rows: Uint32Array): Promise<readonly Float32Array[]> {
    return Array.from(rows, (row) => asFloats(rowOf(this.#parts, row)).data);
  }
}
