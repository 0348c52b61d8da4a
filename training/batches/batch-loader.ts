// Batches computed in worker threads ahead of the steps that need them. The caller asks for step k + 1 before it runs
// step k; what comes back depends on the crops alone, never on the number of threads or their pace.
import { Worker } from 'node:worker_threads';
import { asCodedError } from '../common/index.js';
import type { ImageStore } from '../stores/index.js';
import type { BatchReply, BatchRequest, BatchWorkerInput } from './batch-messages.js';
import type { Crop } from './crop.js';

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, { resolve(data: Float32Array): void; reject(error: unknown): void }>;
  /** The thread is being ended: the process waits for that. */
  ending: boolean;
}

export class BatchLoader {
  readonly #threads: readonly Thread[];
  #next = 0;
  #closed = false;

  /** Starts the threads (one unless told); they read the stores by themselves. */
  constructor(stores: readonly ImageStore[], { threads = 1 }: { readonly threads?: number } = {}) {
    const input: BatchWorkerInput = { stores: stores.map((store) => store.handle()) };
    this.#threads = Array.from({ length: Math.max(1, threads) }, () => startThread(input));
  }

  /**
   * The crops, all of one size, as float32 [n, S, S, 3]: the same bits as writeCrop writes with makeRng(seed, stream).
   * Rejects where a crop leaves its image (RangeError) or a store's file is damaged (DATASET_INVALID).
   */
  async load(crops: readonly Crop[]): Promise<Float32Array> {
    if (this.#closed) throw new Error('The batch loader is closed.');
    const thread = this.#threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage({ id, crops } satisfies BatchRequest);
    });
  }

  /** Ends the threads; batches that were asked for and have not come are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const endings = this.#threads.map((thread) => {
      thread.ending = true;
      return thread.worker.terminate();
    });
    await Promise.all(endings);
  }
}

function startThread(input: BatchWorkerInput): Thread {
  const worker = new Worker(new URL('./batch-worker.js', import.meta.url), { workerData: input });
  const waiting: Thread['waiting'] = new Map();
  const thread: Thread = { worker, waiting, ending: false };
  const rejectAll = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: BatchReply) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    // A loader that nobody waits for does not keep the process alive; a batch that comes while it closes changes nothing.
    if (waiting.size === 0 && !thread.ending) worker.unref();
    if ('data' in reply) request?.resolve(reply.data);
    else request?.reject(asCodedError(reply.error));
  });
  worker.on('error', rejectAll);
  worker.on('exit', () => rejectAll(new Error('The batch loader was closed while a batch was awaited.')));
  worker.unref();
  return thread;
}
