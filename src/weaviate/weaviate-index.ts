// A collection of a Weaviate cluster as an index: Weaviate's graph names the best rows of all; what is asked of some rows is
// answered here from their descriptors, which are fetched by cells of the map and kept.
import { SkyfixError } from '../errors/index.js';
import {
  type AllowedRows,
  bestOfLooks,
  type Catalogue,
  checkPairs,
  checkQuery,
  checkRows,
  compareHits,
  EXACT_PRODUCTS,
  type Hit,
  type LookPairs,
  type MappedDescriptors,
  RowSet,
  type StoredDescriptors,
  type VectorIndex,
} from '../search/index.js';
import type { PartState } from '../threads/index.js';
import { SHORTEST_CELL } from './cells.js';
import { Cluster, type ClusterAddress } from './cluster.js';
import { countObjects } from './collections.js';
import { Completeness, type ShardCounts } from './completeness.js';
import { geohash } from './geohash.js';
import { HeldRows, MOST_RESULTS } from './held-rows.js';
import type { KnownRows } from './known-rows.js';
import { nearestRows } from './nearest.js';
import { OwnRows } from './own-rows.js';
import { TrustedNodes } from './trusted-nodes.js';

/** Where the rows of a catalogue are. */
export interface CollectionPlace {
  readonly collection: string;
  /** Objects of each shard. */
  readonly shards: ShardCounts;
  /** Length of the geohash cells whose descriptors are fetched together. */
  readonly cellLength: number;
}

/** What of a cluster is searched, and how. */
export interface CollectionSource extends CollectionPlace {
  readonly address: ClusterAddress;
  readonly dimensions: number;
  /** Those that the collection was written from, where they are at hand; else they are fetched by cells. */
  readonly descriptors?: StoredDescriptors | MappedDescriptors | undefined;
  /** Room for descriptors that are fetched; 256 MiB. */
  readonly cacheBytes?: number | undefined;
  /**
   * So many rows that a filter lets through are all compared here; of those at hand as many as a region without a graph has. Of
   * those that are fetched 2048, also where they are all that there are. 0 has Weaviate search among them.
   */
  readonly exactRows?: number | undefined;
}

const CACHE_BYTES = 256 * 2 ** 20;
const EXACT_ROWS = 2048;
/** Cells of a filter, at most, unless they are as large as cells get. */
const MOST_CELLS = 512;

/** More than this share of all rows a graph does not find reliably: all are compared. */
const MOST_SHARE = 0.5;

export class WeaviateIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly #cluster: Cluster;
  readonly #source: CollectionSource;
  readonly #catalogue: Catalogue;
  readonly #rows: KnownRows;
  /** So many rows of a filter, and of no filter, are compared here. */
  readonly #exactRows: number;
  readonly #exactOfAll: number;
  readonly #completeness: Completeness;
  readonly #nodes: TrustedNodes;
  #state: PartState = 'ready';
  #under = 0;
  #idle: () => void = () => {};

  private constructor(source: CollectionSource, catalogue: Catalogue) {
    const { address, collection, dimensions, shards, descriptors } = source;
    this.dimensions = dimensions;
    this.count = catalogue.count;
    this.#source = source;
    this.#catalogue = catalogue;
    const cluster = new Cluster(address, (node) => this.#nodes.lose(node));
    this.#cluster = cluster;
    const { cellLength, cacheBytes = CACHE_BYTES } = source;
    const held = { cluster, collection, catalogue, dimensions, cacheBytes, cellLength };
    const rows = descriptors ? new OwnRows(descriptors) : new HeldRows(held);
    this.#rows = rows;
    const few = descriptors ? Math.floor(EXACT_PRODUCTS / dimensions) : EXACT_ROWS;
    this.#exactRows = Math.min(source.exactRows ?? few, rows.mostRows);
    this.#exactOfAll = descriptors ? 0 : this.#exactRows;
    this.#nodes = new TrustedNodes({ cluster, collection, count: this.count, rows });
    this.#completeness = new Completeness(cluster, collection, shards);
  }

  /**
   * Row k of the collection is row k of the catalogue. Asks the cluster nothing yet: no node is asked for nearest tiles before
   * probe() has found the collection whole.
   */
  static unprobed(source: CollectionSource, catalogue: Catalogue): WeaviateIndex {
    return new WeaviateIndex(source, catalogue);
  }

  /** The same with a cluster that was found whole. Throws what probe() throws. */
  static async open(source: CollectionSource, catalogue: Catalogue): Promise<WeaviateIndex> {
    const index = WeaviateIndex.unprobed(source, catalogue);
    try {
      await index.probe();
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  get state(): PartState {
    return this.#state;
  }

  /**
   * Asks for what every search depends on: all shards, as many objects as there are tiles, and a node that finds what it is to
   * find. Throws CLUSTER_UNAVAILABLE.
   */
  async probe(): Promise<void> {
    await this.#completeness.confirm();
    const there = await countObjects(this.#cluster, this.#source.collection);
    if (there !== this.count) {
      throw partial(`${this.#source.collection} has ${there} objects, the catalogue ${this.count} tiles`);
    }
    await this.#nodes.ready();
  }

  search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]> {
    return this.searchLooks([descriptor], k, allowed);
  }

  searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: AllowedRows,
  ): Promise<readonly Hit[]> {
    return this.inOne((index) => index.searchLooks(descriptors, k, allowed));
  }

  /**
   * What `work` makes of this index, whose searches are confirmed while it goes on: after each search the state of the shards is
   * asked, as ever, and nothing is returned before each of these questions, begun after the search's end, has found them whole.
   * Throws what the work throws, CLUSTER_UNAVAILABLE, and NOT_READY where the index is closed; one closed meanwhile waits.
   */
  async inOne<A>(work: (index: VectorIndex) => Promise<A>): Promise<A> {
    if (this.#state === 'closed') throw closedIndex();
    const confirmations: Promise<void>[] = [];
    const onSearch = () => {
      const confirmed = this.#completeness.confirm();
      // Where the work fails before it, nobody else hears of it.
      confirmed.catch(() => {});
      confirmations.push(confirmed);
    };
    this.#under++;
    try {
      const answer = await work(this.#view(onSearch));
      await Promise.all(confirmations);
      return answer;
    } finally {
      this.#under--;
      if (this.#under === 0) this.#idle();
    }
  }

  cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    return this.inOne((index) => index.cosines(descriptors, pairs));
  }

  mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    return this.inOne((index) => index.mostAlike(descriptors, rows));
  }

  /** This index, which says after each search in the cluster that it is to be confirmed. */
  #view(onSearch: () => void): VectorIndex {
    const { dimensions, count } = this;
    const check = (descriptors: readonly Float32Array[], k: number) => {
      for (const descriptor of descriptors) checkQuery(descriptor, dimensions, k);
    };
    const view: VectorIndex = {
      dimensions,
      count,
      state: 'ready',
      search: (descriptor, k, allowed) => view.searchLooks([descriptor], k, allowed),
      searchLooks: async (descriptors, k, allowed) => {
        check(descriptors, k);
        return this.#nearest(descriptors, k, allowed, onSearch);
      },
      cosines: async (descriptors, pairs) => {
        check(descriptors, 1);
        checkPairs(pairs, descriptors.length, count);
        return this.#rows.cosines(descriptors, pairs);
      },
      mostAlike: async (descriptors, rows) => {
        check(descriptors, 1);
        checkRows(rows, count);
        return this.#rows.mostAlike(descriptors, rows);
      },
      close: async () => {},
    };
    return view;
  }

  async #nearest(
    descriptors: readonly Float32Array[],
    k: number,
    given: AllowedRows | undefined,
    onSearch: () => void,
  ): Promise<readonly Hit[]> {
    const allowed = given && given.length < this.count ? RowSet.from(given, this.count).rows : undefined;
    const candidates = allowed ? allowed.length : this.count;
    const wanted = Math.min(k, candidates);
    if (wanted === 0) return [];
    const few = candidates <= (allowed ? this.#exactRows : this.#exactOfAll);
    const many = wanted > MOST_SHARE * candidates || wanted > MOST_RESULTS / 2;
    if (few || many) {
      const rows = allowed ?? rowsUpTo(this.count);
      return bestOf(await this.#rows.best(descriptors, wanted, rows, candidates), wanted);
    }
    const hits = allowed
      ? await this.#nearAllowed(descriptors, wanted, allowed)
      : await this.#nearAll(descriptors, wanted);
    onSearch();
    return hits;
  }

  /** Lets what was asked finish. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#nodes.close();
    if (this.#under > 0) {
      await new Promise<void>((resolve) => {
        const before = this.#idle;
        this.#idle = () => {
          before();
          resolve();
        };
      });
    }
    this.#cluster.close();
  }

  async #nearAll(descriptors: readonly Float32Array[], k: number): Promise<readonly Hit[]> {
    const hits = await this.#near(descriptors, k);
    if (hits.length >= k) return hits;
    throw partial(`${hits.length} of ${k} rows of ${this.#source.collection} came`);
  }

  /** Weaviate knows cells and not rows: it is asked for more until enough of what it names are allowed. */
  async #nearAllowed(
    descriptors: readonly Float32Array[],
    k: number,
    allowed: Uint32Array,
  ): Promise<readonly Hit[]> {
    const set = new Set(allowed);
    const cells = this.#cellsAround(allowed);
    for (let limit = k + Math.ceil(k / 2); ; limit *= 2) {
      const near = await this.#near(descriptors, Math.min(limit, MOST_RESULTS), cells);
      const hits = near.filter(({ row }) => set.has(row)).slice(0, k);
      if (hits.length === k) return hits;
      if (near.length < limit) throw partial(`${hits.length} of ${k} rows of some cells came`);
      if (limit >= MOST_RESULTS) {
        return bestOf(await this.#rows.best(descriptors, k, allowed, allowed.length), k);
      }
    }
  }

  /** Cells with all of the rows in them, as small as their number allows. */
  #cellsAround(rows: Uint32Array): readonly string[] {
    let cells: ReadonlySet<string> = new Set();
    for (let length = this.#source.cellLength; length >= SHORTEST_CELL; length--) {
      const names = new Set<string>();
      if (cells.size > 0) for (const cell of cells) names.add(cell.slice(0, length));
      else for (const row of rows) names.add(geohash(this.#catalogue.place(row), length));
      cells = names;
      if (cells.size <= MOST_CELLS) break;
    }
    return [...cells];
  }

  async #near(
    descriptors: readonly Float32Array[],
    limit: number,
    cells?: readonly string[],
  ): Promise<readonly Hit[]> {
    const { collection } = this.#source;
    const question = { collection, queries: descriptors, limit, cells };
    const hits = await nearestRows(this.#cluster, question, { among: this.#nodes.places });
    const wrong = hits.find(({ row }) => !(row < this.count));
    if (wrong) throw partial(`${collection} has row ${wrong.row} of ${this.count}`);
    return [...hits].sort(compareHits);
  }
}

const closedIndex = () => new SkyfixError('NOT_READY', 'The index is closed.');

const partial = (what: string) =>
  new SkyfixError('CLUSTER_UNAVAILABLE', `Weaviate answered in part: ${what}.`);

function* rowsUpTo(count: number): Generator<number> {
  for (let row = 0; row < count; row++) yield row;
}

function bestOf(hits: readonly Hit[], k: number): readonly Hit[] {
  return bestOfLooks([[], hits], k);
}
