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
  type Hit,
  type LookPairs,
  RowSet,
  type VectorIndex,
} from '../search/index.js';
import type { PartState } from '../threads/index.js';
import { SHORTEST_CELL } from './cells.js';
import { Cluster, type ClusterAddress } from './cluster.js';
import { countObjects } from './collections.js';
import { Completeness, type ShardCounts } from './completeness.js';
import { geohash } from './geohash.js';
import { HeldRows, MOST_RESULTS } from './held-rows.js';
import { nearestRows } from './nearest.js';
import { rowsNotFound } from './write-rows.js';

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
  /** Room for descriptors that were fetched; 256 MiB. */
  readonly cacheBytes?: number | undefined;
  /** So many rows that a filter lets through are all compared here; 2048. 0 has Weaviate search among them. */
  readonly exactRows?: number | undefined;
}

const CACHE_BYTES = 256 * 2 ** 20;
const EXACT_ROWS = 2048;
/** Cells of a filter, at most, unless they are as large as cells get. */
const MOST_CELLS = 512;

/** More than this share of all rows a graph does not find reliably: all are compared. */
const MOST_SHARE = 0.5;
/**
 * Rows that a node has to find by their own descriptors before its graph is trusted: all of a collection of up to twice as
 * many; else so many of the last that were written, which a node that was killed loses, and as many others.
 */
const PROBED_ROWS = 4096;
/** Between attempts to trust the other nodes again, while one is trusted. */
const TRUST_EVERY_MS = 5_000;

export class WeaviateIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly #cluster: Cluster;
  readonly #source: CollectionSource;
  readonly #catalogue: Catalogue;
  readonly #held: HeldRows;
  readonly #completeness: Completeness;
  /** Nodes whose graph is known to be whole: a connection that ended takes a node out, since it may have been killed. */
  readonly #trusted = new Set<number>();
  /** Connections to each node that ended. */
  readonly #ends: number[] = [];
  #trusting: NodeJS.Timeout | undefined;
  #state: PartState = 'ready';
  #under = 0;
  #idle: () => void = () => {};

  private constructor(source: CollectionSource, catalogue: Catalogue) {
    const { address, collection, dimensions, shards, cellLength, cacheBytes = CACHE_BYTES } = source;
    this.dimensions = dimensions;
    this.count = catalogue.count;
    this.#source = source;
    this.#catalogue = catalogue;
    const cluster = new Cluster(address, (node) => this.#distrust(node));
    this.#cluster = cluster;
    this.#held = new HeldRows({ cluster, collection, catalogue, dimensions, cacheBytes, cellLength });
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
    if (this.#trusted.size === 0) await this.#trustFirst();
    this.#trustLater(0);
  }

  /** Throws what keeps the last of the nodes from being trusted. */
  async #trustFirst(): Promise<void> {
    let why: unknown;
    for (let node = 0; node < this.#cluster.nodeCount; node++) {
      try {
        return await this.#findAll(node);
      } catch (error) {
        why = error;
      }
    }
    throw why;
  }

  /** Tries the nodes that are not trusted, until all are. */
  #trustLater(afterMs = TRUST_EVERY_MS): void {
    if (this.#state === 'closed') return;
    this.#trusting ??= setTimeout(async () => {
      for (let node = 0; node < this.#cluster.nodeCount; node++) {
        if (!this.#trusted.has(node)) await this.#findAll(node).catch(() => {});
      }
      this.#trusting = undefined;
      if (this.#trusted.size < this.#cluster.nodeCount) this.#trustLater();
    }, afterMs).unref();
  }

  /** Trusts a node that finds its rows, unless its connection ends meanwhile. Throws CLUSTER_UNAVAILABLE. */
  async #findAll(node: number): Promise<void> {
    const { collection } = this.#source;
    const gone = this.#endsOf(node);
    const rows = probedRows(this.count);
    const each = Math.min(this.#held.mostRows, 1024);
    for (let from = 0; from < rows.length; from += each) {
      const part = rows.subarray(from, from + each);
      const vectors = await this.#held.descriptors(part);
      const vectorOf = new Map(Array.from(part, (row, k) => [row, vectors[k] as Float32Array]));
      const asked = { collection, vectorOf: (row: number) => vectorOf.get(row) as Float32Array };
      const [lost] = await rowsNotFound(this.#cluster, asked, part, node);
      if (lost !== undefined) throw partial(`node ${node + 1} does not find row ${lost} of ${collection}`);
    }
    if (this.#endsOf(node) !== gone) throw partial(`node ${node + 1} went while it was asked`);
    this.#trusted.add(node);
  }

  #endsOf(node: number): number {
    return this.#ends[node] ?? 0;
  }

  #distrust(node: number): void {
    this.#ends[node] = this.#endsOf(node) + 1;
    this.#trusted.delete(node);
    this.#trustLater();
  }

  search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]> {
    return this.searchLooks([descriptor], k, allowed);
  }

  searchLooks(descriptors: readonly Float32Array[], k: number, given?: AllowedRows): Promise<readonly Hit[]> {
    return this.#asked(descriptors, k, async () => {
      const allowed = given && given.length < this.count ? RowSet.from(given, this.count).rows : undefined;
      const candidates = allowed ? allowed.length : this.count;
      const wanted = Math.min(k, candidates);
      if (wanted === 0) return [];
      const { exactRows = EXACT_ROWS } = this.#source;
      const few = candidates <= Math.min(exactRows, this.#held.mostRows);
      const many = wanted > MOST_SHARE * candidates || wanted > MOST_RESULTS / 2;
      if (few || many) {
        const rows = allowed ?? rowsUpTo(this.count);
        return bestOf(await this.#held.best(descriptors, wanted, rows, candidates), wanted);
      }
      const hits = allowed
        ? await this.#nearAllowed(descriptors, wanted, allowed)
        : await this.#nearAll(descriptors, wanted);
      await this.#completeness.confirm();
      return hits;
    });
  }

  cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    return this.#asked(descriptors, 1, () => {
      checkPairs(pairs, descriptors.length, this.count);
      return this.#held.cosines(descriptors, pairs);
    });
  }

  mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    return this.#asked(descriptors, 1, () => {
      checkRows(rows, this.count);
      return this.#held.mostAlike(descriptors, rows);
    });
  }

  /** Lets what was asked finish. */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#trusting);
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

  async #asked<A>(descriptors: readonly Float32Array[], k: number, answer: () => Promise<A> | A): Promise<A> {
    if (this.#state === 'closed') throw new SkyfixError('NOT_READY', 'The index is closed.');
    for (const descriptor of descriptors) checkQuery(descriptor, this.dimensions, k);
    this.#under++;
    try {
      return await answer();
    } finally {
      this.#under--;
      if (this.#under === 0) this.#idle();
    }
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
        return bestOf(await this.#held.best(descriptors, k, allowed, allowed.length), k);
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
    const hits = await nearestRows(this.#cluster, question, { among: [...this.#trusted] });
    const wrong = hits.find(({ row }) => !(row < this.count));
    if (wrong) throw partial(`${collection} has row ${wrong.row} of ${this.count}`);
    return [...hits].sort(compareHits);
  }
}

const partial = (what: string) =>
  new SkyfixError('CLUSTER_UNAVAILABLE', `Weaviate answered in part: ${what}.`);

/** Rows by which a graph is tried, in their order. */
function probedRows(count: number): Uint32Array {
  if (count <= 2 * PROBED_ROWS) return Uint32Array.from({ length: count }, (_, row) => row);
  const others = count - PROBED_ROWS;
  return Uint32Array.from({ length: 2 * PROBED_ROWS }, (_, k) =>
    k < PROBED_ROWS ? Math.floor((k * others) / PROBED_ROWS) : others + k - PROBED_ROWS,
  );
}

function* rowsUpTo(count: number): Generator<number> {
  for (let row = 0; row < count; row++) yield row;
}

function bestOf(hits: readonly Hit[], k: number): readonly Hit[] {
  return bestOfLooks([[], hits], k);
}
