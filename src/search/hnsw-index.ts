// Approximate search in a hierarchical navigable small-world graph (hnswlib-node), in a worker thread.
import { basename } from 'node:path';
import { messageOf, SkyfixError } from '../errors/index.js';
import {
  type LifeEvents,
  type PartState,
  RESTART_PACE,
  RequestWorker,
  ThreadClosed,
  ThreadDied,
} from '../threads/index.js';
import type { Descriptors } from './descriptors.js';
import { checkQuery } from './exact-index.js';
import type { GraphOptions, GraphRequests, GraphSetup } from './hnsw-requests.js';
import type { Hit, VectorIndex } from './types.js';

const SCRIPT = new URL('./hnsw-worker.js', import.meta.url);

/**
 * Allowed rows of up to this many products (rows x dimensions) are scanned exactly, in about 10 ms; with more (or with
 * an eighth of it, where over a quarter of all rows is allowed) the graph is searched with a filter.
 * `npm run bench:search` shows both.
 */
const EXACT_PRODUCTS = 8_000_000;

/**
 * Builds a graph of all descriptors and writes it to `path`; the same seed and order give the same file. Throws
 * INDEX_CORRUPT.
 */
export async function buildHnswGraph(
  descriptors: Descriptors,
  options: GraphOptions,
  path: string,
  onProgress?: (done: number) => void,
): Promise<void> {
  const worker = new RequestWorker<GraphRequests>(SCRIPT, { of: `the graph ${path}` });
  try {
    await worker.ask('build', { options, descriptors, path }, onProgress ? { onProgress } : {});
  } catch (error) {
    throw corrupt(`${path} cannot be built`, error);
  } finally {
    await worker.close();
  }
}

export interface HnswOptions extends LifeEvents {
  /** Default: what takes about 10 ms. */
  readonly exactProducts?: number | undefined;
}

/** Graph search with exact scores; with few allowed rows they are scanned exactly instead. */
export class HnswIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly #path: string;
  readonly #worker: RequestWorker<GraphRequests>;

  private constructor(path: string, worker: RequestWorker<GraphRequests>, descriptors: Descriptors) {
    this.#path = path;
    this.#worker = worker;
    this.dimensions = descriptors.dimensions;
    this.count = descriptors.count;
  }

  /**
   * Loads a graph file. Throws INDEX_CORRUPT where it cannot be read or does not fit the descriptors, which lie on shared
   * memory unless they are to be copied.
   */
  static async open(
    path: string,
    descriptors: Descriptors,
    efSearch: number,
    { exactProducts = EXACT_PRODUCTS, onDeath, onRecovered }: HnswOptions = {},
  ): Promise<HnswIndex> {
    const worker = new RequestWorker<GraphRequests>(SCRIPT, {
      of: `the graph ${path}`,
      setup: { path, descriptors, efSearch, exactProducts } satisfies GraphSetup,
      restart: RESTART_PACE,
      onDeath,
      onRecovered,
    });
    try {
      await worker.opened;
    } catch (error) {
      throw corrupt(`${path} cannot be loaded`, error);
    }
    return new HnswIndex(path, worker, descriptors);
  }

  get state(): PartState {
    return this.#worker.partState;
  }

  async search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]> {
    checkQuery(descriptor, this.dimensions, k);
    const query = descriptor.slice();
    try {
      return await this.#worker.ask('search', { query, k, ...(allowed ? { allowed } : {}) });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async similarities(
    descriptors: readonly Float32Array[],
    rows: Uint32Array,
  ): Promise<readonly Float32Array[]> {
    for (const descriptor of descriptors) checkQuery(descriptor, this.dimensions, 1);
    const queries = descriptors.map((descriptor) => descriptor.slice());
    try {
      return await this.#worker.ask('similarities', { queries, rows });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Lets what was asked finish. */
  close(): Promise<void> {
    return this.#worker.close();
  }

  #failure(error: unknown): SkyfixError {
    if (error instanceof ThreadClosed) return new SkyfixError('NOT_READY', 'The index is closed.');
    if (error instanceof ThreadDied) {
      const what = `The graph ${basename(this.#path)} ended (${error.why}) and is being loaded again.`;
      return new SkyfixError('RECOVERING', what, { cause: error });
    }
    return corrupt(`Searching ${this.#path} failed`, error);
  }
}

function corrupt(what: string, error: unknown): SkyfixError {
  const why = (error instanceof ThreadDied ? error.why : messageOf(error)).replace(/[.]+$/, '');
  return new SkyfixError('INDEX_CORRUPT', `${what}: ${why}.`, { cause: error });
}
