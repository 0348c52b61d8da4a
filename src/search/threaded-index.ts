// An index whose graph and products are in a worker thread, which comes back when it dies.
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
import type { DescriptorShape } from './descriptor-format.js';
import type { IndexRequests, IndexSetup } from './index-requests.js';
import { checkPairs, checkQuery, checkRows, packed, unpackedHits } from './queries.js';
import { type AllowedRows, RowSet } from './row-set.js';
import type { Hit, LookPairs, VectorIndex } from './types.js';

const SCRIPT = new URL('./index-worker.js', import.meta.url);

/** What an index is opened of. */
export interface IndexSource extends IndexSetup, LifeEvents {}

/** What the owner of a thread that holds an index knows of it. */
export interface Held {
  /** Its name for people: the graph's file. */
  readonly path: string;
  readonly descriptors: DescriptorShape;
  /** See IndexSetup. */
  readonly projection?: DescriptorShape | undefined;
}

export class ThreadedIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly #path: string;
  readonly #worker: RequestWorker<IndexRequests>;

  protected constructor({ path, descriptors, projection }: Held, worker: RequestWorker<IndexRequests>) {
    this.#path = path;
    this.#worker = worker;
    // Of what it is asked with.
    this.dimensions = (projection ?? descriptors).dimensions;
    this.count = descriptors.count;
  }

  /**
   * Loads a graph file. Throws INDEX_CORRUPT where it cannot be read or does not fit the descriptors, which lie on shared
   * memory unless they are to be copied.
   */
  static async open(source: IndexSource): Promise<ThreadedIndex> {
    const { onDeath, onRecovered, ...setup } = source;
    return new ThreadedIndex(setup, await openThread<IndexRequests>(SCRIPT, setup, { onDeath, onRecovered }));
  }

  get state(): PartState {
    return this.#worker.partState;
  }

  get trouble(): string | undefined {
    return undefined;
  }

  search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]> {
    return this.searchLooks([descriptor], k, allowed);
  }

  async searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: AllowedRows,
  ): Promise<readonly Hit[]> {
    const queries = this.checked(descriptors, k);
    const request = { queries, k, ...(allowed ? { allowed: RowSet.from(allowed, this.count).rows } : {}) };
    const transfer = [queries.buffer as ArrayBuffer];
    return unpackedHits(await this.answered(() => this.#worker.ask('search', request, { transfer })));
  }

  async cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    const queries = this.checked(descriptors, 1);
    checkPairs(pairs, descriptors.length, this.count);
    const transfer = [queries.buffer as ArrayBuffer];
    return this.answered(() => this.#worker.ask('cosines', { queries, pairs }, { transfer }));
  }

  async mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    const queries = this.checked(descriptors, 1);
    checkRows(rows, this.count);
    const transfer = [queries.buffer as ArrayBuffer];
    return this.answered(() => this.#worker.ask('mostAlike', { queries, rows }, { transfer }));
  }

  /** Lets what was asked finish. */
  close(): Promise<void> {
    return this.#worker.close();
  }

  /** Descriptors for a message [n * D]. Throws INTERNAL. */
  protected checked(descriptors: readonly Float32Array[], k: number): Float32Array {
    for (const descriptor of descriptors) checkQuery(descriptor, this.dimensions, k);
    return packed(descriptors, this.dimensions);
  }

  /**
   * What the thread answers; its death as RECOVERING, its end as NOT_READY, a cluster's silence as it is, the rest as
   * INDEX_CORRUPT.
   */
  protected async answered<A>(ask: () => Promise<A>): Promise<A> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ThreadClosed) throw new SkyfixError('NOT_READY', 'The index is closed.');
      if (error instanceof ThreadDied) {
        const what = `The graph ${basename(this.#path)} ended (${error.why}) and is being loaded again.`;
        throw new SkyfixError('RECOVERING', what, { cause: error });
      }
      if (error instanceof SkyfixError && error.code === 'CLUSTER_UNAVAILABLE') throw error;
      throw corruptIndex(`Searching ${this.#path} failed`, error);
    }
  }
}

/** Starts the thread of an index. Throws INDEX_CORRUPT where it cannot open. */
export async function openThread<T extends { readonly [K in keyof T]: (argument: never) => unknown }>(
  script: URL,
  setup: IndexSetup,
  events: LifeEvents,
): Promise<RequestWorker<T>> {
  const { path } = setup;
  const worker = new RequestWorker<T>(script, {
    of: `the graph ${path}`,
    setup,
    restart: RESTART_PACE,
    ...events,
  });
  try {
    await worker.opened;
  } catch (error) {
    throw corruptIndex(`${path} cannot be loaded`, error);
  }
  return worker;
}

export function corruptIndex(what: string, error: unknown): SkyfixError {
  const why = (error instanceof ThreadDied ? error.why : messageOf(error)).replace(/[.]+$/, '');
  return new SkyfixError('INDEX_CORRUPT', `${what}: ${why}.`, { cause: error });
}
