// Batches computed in worker threads ahead of the steps that need them. The caller asks for step k + 1 before it runs
// step k; what comes back depends on the crops alone, never on the number of threads or their pace.
import { RequestWorker, ThreadClosed } from 'skyfix/threads';
import type { ImageStore } from '../stores/index.js';
import type { BatchRequests, BatchSetup } from './batch-requests.js';
import type { Crop } from './crop.js';

interface Thread {
  readonly worker: RequestWorker<BatchRequests>;
  /** Batches asked for that have not come. */
  waiting: number;
}

const SCRIPT = new URL('./batch-worker.js', import.meta.url);

export class BatchLoader {
  readonly #threads: readonly Thread[];

  /** Starts the threads (one unless told); they read the stores by themselves. */
  constructor(stores: readonly ImageStore[], { threads = 1 }: { readonly threads?: number } = {}) {
    const setup: BatchSetup = { stores: stores.map((store) => store.handle()) };
    this.#threads = Array.from({ length: Math.max(1, threads) }, () => ({
      worker: new RequestWorker<BatchRequests>(SCRIPT, { of: 'the batch loader', setup }),
      waiting: 0,
    }));
  }

  /**
   * The crops, all of one size, as float32 [n, S, S, 3]: the same bits as writeCrop writes with makeRng(seed, stream).
   * Rejects where a crop leaves its image (RangeError), a store's file is damaged (DATASET_INVALID), or the thread died
   * (ThreadDied).
   */
  async load(crops: readonly Crop[]): Promise<Float32Array> {
    const thread = this.#threads.reduce((a, b) => (b.waiting < a.waiting ? b : a));
    thread.waiting++;
    try {
      return await thread.worker.ask('batch', crops);
    } catch (error) {
      if (error instanceof ThreadClosed) throw new Error('The batch loader is closed.', { cause: error });
      throw error;
    } finally {
      thread.waiting--;
    }
  }

  /** Ends the threads once the batches that were asked for are there. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.close()));
  }
}
