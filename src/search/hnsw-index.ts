// Approximate search in a hierarchical navigable small-world graph (hnswlib-node), in a worker thread.
import { Worker } from 'node:worker_threads';
import { SkyfixError } from '../errors/index.js';
import type { Descriptors } from './descriptors.js';
import { checkQuery } from './exact-index.js';
import type { Hit, VectorIndex } from './types.js';

export interface GraphOptions {
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
}

export interface LoadRequest {
  readonly kind: 'load';
  readonly path: string;
  readonly descriptors: Descriptors;
  readonly efSearch: number;
  readonly exactProducts: number;
}

/**
 * Allowed rows of up to this many products (rows x dimensions) are scanned exactly, in about 10 ms; with more (or with
 * an eighth of it, where over a quarter of all rows is allowed) the graph is searched with a filter.
 * `npm run bench:search` shows both.
 */
const EXACT_PRODUCTS = 8_000_000;

type Command =
  | { kind: 'build'; options: GraphOptions; descriptors: Descriptors; path: string }
  | LoadRequest
  | { kind: 'search'; query: Float32Array; k: number; allowed?: Uint32Array }
  | { kind: 'similarities'; queries: readonly Float32Array[]; rows: Uint32Array };
export type WorkerRequest = (Command & { id: number }) | 'close';

/** Hits of a search, arrays of similarities, nothing for the rest. */
export type Result = readonly Hit[] | readonly Float32Array[] | null;

export interface WorkerAnswer {
  readonly id: number;
  readonly result?: Result;
  readonly error?: string;
  /** Vectors added so far; the answer itself follows. */
  readonly done?: number;
}

interface Waiting {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** One worker and the requests it has not answered yet. */
class GraphWorker {
  readonly #worker = new Worker(new URL('./hnsw-worker.js', import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  readonly #exit: Promise<void>;
  #next = 0;
  #closed = false;
  #exited = false;

  constructor(onProgress?: (done: number) => void) {
    this.#worker.unref();
    this.#worker.on('message', ({ id, result, error, done }: WorkerAnswer) => {
      if (done !== undefined) {
        onProgress?.(done);
        return;
      }
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0 && !this.#closed) this.#worker.unref();
      if (error === undefined) waiting?.resolve(result ?? null);
      else waiting?.reject(new SkyfixError('INDEX_CORRUPT', `The graph failed: ${error}.`));
    });
    this.#worker.on('error', (error) => this.#end(error));
    this.#exit = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#exited = true;
        this.#end(new SkyfixError('NOT_READY', 'The index is closed.'));
        resolve();
      });
    });
  }

  ask(command: Command): Promise<Result> {
    if (this.#closed) return Promise.reject(new SkyfixError('NOT_READY', 'The index is closed.'));
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...command, id } satisfies WorkerRequest);
    });
  }

  /** Lets what was asked finish: a thread that is ended inside the native library takes the process with it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#exited) {
      this.#worker.ref();
      this.#worker.postMessage('close' satisfies WorkerRequest);
    }
    await this.#exit;
  }

  #end(error: Error): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** Builds a graph of all descriptors and writes it to `path`; the same seed and order give the same file. */
export async function buildHnswGraph(
  descriptors: Descriptors,
  options: GraphOptions,
  path: string,
  onProgress?: (done: number) => void,
): Promise<void> {
  const worker = new GraphWorker(onProgress);
  try {
    await worker.ask({ kind: 'build', options, descriptors, path });
  } finally {
    await worker.close();
  }
}

/** Graph search with exact scores; with few allowed rows they are scanned exactly instead. */
export class HnswIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly #worker: GraphWorker;

  private constructor(worker: GraphWorker, descriptors: Descriptors) {
    this.#worker = worker;
    this.dimensions = descriptors.dimensions;
    this.count = descriptors.count;
  }

  /** Loads a graph file. Throws INDEX_CORRUPT where it cannot be read or does not fit the descriptors. */
  static async open(
    path: string,
    descriptors: Descriptors,
    efSearch: number,
    { exactProducts = EXACT_PRODUCTS }: { readonly exactProducts?: number } = {},
  ): Promise<HnswIndex> {
    const worker = new GraphWorker();
    try {
      await worker.ask({ kind: 'load', path, descriptors, efSearch, exactProducts });
      return new HnswIndex(worker, descriptors);
    } catch (error) {
      await worker.close();
      throw error;
    }
  }

  async search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]> {
    checkQuery(descriptor, this.dimensions, k);
    const query = descriptor.slice();
    const hits = await this.#worker.ask({ kind: 'search', query, k, ...(allowed ? { allowed } : {}) });
    return (hits ?? []) as readonly Hit[];
  }

  async similarities(
    descriptors: readonly Float32Array[],
    rows: Uint32Array,
  ): Promise<readonly Float32Array[]> {
    for (const descriptor of descriptors) checkQuery(descriptor, this.dimensions, 1);
    const queries = descriptors.map((descriptor) => descriptor.slice());
    return (await this.#worker.ask({ kind: 'similarities', queries, rows })) as readonly Float32Array[];
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
