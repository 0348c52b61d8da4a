// A collection as an index, that moves to another one of the same rows: where nodes have lost what they knew of a collection, the
// version is written to a new one, and whoever searches it follows without being started again.
import type { Catalogue, Hit, LookPairs, VectorIndex } from '../search/index.js';
import type { PartState } from '../threads/index.js';
import { type CollectionPlace, type CollectionSource, WeaviateIndex } from './weaviate-index.js';

export class FollowingIndex implements VectorIndex {
  readonly #source: CollectionSource;
  readonly #catalogue: Catalogue;
  #collection: string;
  #index: WeaviateIndex;
  #closed = false;

  /** Asks the cluster nothing yet; see WeaviateIndex.unprobed. */
  constructor(source: CollectionSource, catalogue: Catalogue) {
    this.#source = source;
    this.#catalogue = catalogue;
    this.#collection = source.collection;
    this.#index = WeaviateIndex.unprobed(source, catalogue);
  }

  get dimensions(): number {
    return this.#index.dimensions;
  }

  get count(): number {
    return this.#index.count;
  }

  get state(): PartState {
    return this.#index.state;
  }

  /**
   * Asks for what every search depends on, of the collection at `place`: one that is whole is searched from then on. Throws
   * CLUSTER_UNAVAILABLE; then what was searched before stays.
   */
  async probe(place?: CollectionPlace): Promise<void> {
    if (!place || place.collection === this.#collection) return this.#index.probe();
    const next = WeaviateIndex.unprobed({ ...this.#source, ...place }, this.#catalogue);
    try {
      await next.probe();
    } catch (error) {
      await next.close();
      throw error;
    }
    const before = this.#closed ? next : this.#index;
    if (!this.#closed) {
      this.#index = next;
      this.#collection = place.collection;
    }
    await before.close();
  }

  /** See WeaviateIndex.inOne. */
  inOne<A>(work: (index: VectorIndex) => Promise<A>): Promise<A> {
    return this.#index.inOne(work);
  }

  search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]> {
    return this.#index.search(descriptor, k, allowed);
  }

  searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: Uint32Array,
  ): Promise<readonly Hit[]> {
    return this.#index.searchLooks(descriptors, k, allowed);
  }

  cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    return this.#index.cosines(descriptors, pairs);
  }

  mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    return this.#index.mostAlike(descriptors, rows);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#index.close();
  }
}
