// An index in the thread that holds it: few rows are all compared, among many a graph names candidates; scores are exact.
import { SkyfixError } from '../errors/index.js';
import type { PartState } from '../threads/index.js';
import { arraysOf } from './descriptors.js';
import type { Graph } from './graph.js';
import { loadHnsw } from './hnsw-graph.js';
import type { GraphKind, IndexSetup } from './index-requests.js';
import { checkPairs, checkRows } from './queries.js';
import { RowProducts } from './row-products.js';
import { type AllowedRows, RowSet } from './row-set.js';
import { bestOfLooks, compareHits } from './top-k.js';
import type { Hit, LookPairs, VectorIndex } from './types.js';
import { loadUsearch } from './usearch-graph.js';

/**
 * Up to so many products a query (rows x dimensions) all rows are compared, in about a millisecond: no slower than the graph,
 * and nothing is missed. `npm run bench:search` shows both.
 */
export const EXACT_PRODUCTS = 6_000_000;
/** Among few allowed rows of many a graph searches long: comparing them all pays for up to so many times the products. */
const FILTERED_TIMES = 4;
/** Filters that let through more than this share cost a graph little. */
const FEW = 0.25;

/** The one place that knows which graphs are read how; BUILDERS knows how they are built. */
const LOADERS: Readonly<Record<GraphKind, (setup: IndexSetup) => Graph>> = {
  hnsw: ({ path, descriptors }) => loadHnsw(path, descriptors),
  usearch: ({ path, descriptors, efSearch, m = 16, precision }) =>
    loadUsearch(path, descriptors, { m, precision, efSearch }),
};

export class HeldIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  /** Undefined: all rows are always compared. */
  readonly #graph: Graph | undefined;
  readonly #products: RowProducts;
  readonly #efSearch: number;
  readonly #exactProducts: number;
  #state: PartState = 'ready';

  /** Reads the graph. Throws what is wrong with its file. */
  constructor(setup: IndexSetup) {
    const { descriptors, efSearch, exactProducts = EXACT_PRODUCTS, kind } = setup;
    this.#graph = kind === 'none' ? undefined : LOADERS[kind](setup);
    this.dimensions = descriptors.dimensions;
    this.count = descriptors.count;
    this.#products = new RowProducts(arraysOf(descriptors));
    this.#efSearch = efSearch;
    this.#exactProducts = exactProducts;
  }

  get state(): PartState {
    return this.#state;
  }

  search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]> {
    return this.searchLooks([descriptor], k, allowed);
  }

  async searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    given?: AllowedRows,
  ): Promise<readonly Hit[]> {
    this.#check();
    // All rows need no filter.
    const allowed = given?.length === this.count ? undefined : given;
    const candidates = allowed ? allowed.length : this.count;
    const wanted = Math.min(k, candidates);
    if (wanted === 0) return [];
    const graph = this.#graph;
    if (!graph || candidates * this.dimensions <= this.#limit(candidates, allowed !== undefined)) {
      return this.#products.best(descriptors, wanted, allowed && RowSet.from(allowed, this.count).rows);
    }
    const set = allowed && RowSet.from(allowed, this.count);
    const answers = descriptors.map((descriptor) => this.#throughGraph(graph, descriptor, wanted, set));
    return bestOfLooks(answers, wanted);
  }

  async cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    this.#check();
    checkPairs(pairs, descriptors.length, this.count);
    return this.#products.cosines(descriptors, pairs);
  }

  async mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    this.#check();
    checkRows(rows, this.count);
    return this.#products.mostAlike(descriptors, rows);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
  }

  #limit(candidates: number, filtered: boolean): number {
    const few = filtered && candidates <= FEW * this.count;
    return few ? FILTERED_TIMES * this.#exactProducts : this.#exactProducts;
  }

  #throughGraph(
    graph: Graph,
    query: Float32Array,
    wanted: number,
    allowed: RowSet | undefined,
  ): readonly Hit[] {
    const near = graph.nearest(query, wanted, Math.max(this.#efSearch, wanted), allowed);
    if (near.length < wanted) return this.#products.best([query], wanted, allowed?.rows);
    const rows = Uint32Array.from(near);
    const scores = this.#products.cosines([query], { looks: new Uint32Array(rows.length), rows });
    return Array.from(rows, (row, i): Hit => ({ row, score: scores[i] as number }))
      .sort(compareHits)
      .slice(0, wanted);
  }

  #check(): void {
    if (this.#state === 'closed') throw new SkyfixError('NOT_READY', 'The index is closed.');
  }
}
