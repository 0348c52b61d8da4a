// Inference engine on onnxruntime-node, in a worker thread of its own so that the event loop never stalls.
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SkyfixError } from '../errors/index.js';
import type { InferenceEngine, Tensor } from './engine.js';
import type { FromWorker, ToWorker, WorkerSetup } from './onnx-messages.js';

interface Pending {
  readonly resolve: (tensor: Tensor) => void;
  readonly reject: (error: Error) => void;
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

/** Talks to one worker thread that speaks onnx-messages; usable once `ready` resolves. */
export class OnnxEngine implements InferenceEngine {
  readonly description = `onnxruntime-node ${version} cpu`;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  /** Resolves when the network is loaded; rejects with BUNDLE_CORRUPT, once the thread has ended, where it cannot be. */
  readonly ready: Promise<void>;
  #nextId = 1;
  #closed: Error | undefined;

  constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    // Listening from before the thread runs, so that nothing it says or suffers is missed.
    worker.on('error', (error) => this.#end(error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#end(new Error(`the worker thread ended with code ${code}`));
        resolve();
      });
    });
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'failed') this.#end(new Error(message.message));
        else this.#receive(message);
      });
      this.#exited.then(() => {
        const what = sentence(this.#closed?.message ?? 'unknown cause');
        reject(new SkyfixError('BUNDLE_CORRUPT', `${path} cannot be loaded: ${what}`));
      });
    });
    // Whoever waits for it is told; a thread that ends later is no unhandled rejection.
    this.ready.catch(() => {});
  }

  /** Copies the input, so that the caller keeps its own. */
  run(input: Tensor): Promise<Tensor> {
    const elements = input.shape.reduce((product, n) => product * n, 1);
    if (elements !== input.data.length) {
      return Promise.reject(
        new SkyfixError('INTERNAL', `A tensor [${input.shape}] came with ${input.data.length} values.`),
      );
    }
    if (this.#closed) return Promise.reject(this.#failure(this.#closed.message));
    const id = this.#nextId++;
    const data = new Float32Array(input.data);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const message: ToWorker = { kind: 'run', id, data, shape: input.shape };
      this.#worker.postMessage(message, [data.buffer]);
    });
  }

  /** Lets the running and waiting batches finish, then ends the thread. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = new Error('the engine is closed');
      const message: ToWorker = { kind: 'close' };
      this.#worker.postMessage(message);
    }
    await this.#exited;
  }

  #receive(message: Extract<FromWorker, { id: number }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'result') pending?.resolve({ data: message.data, shape: message.shape });
    else pending?.reject(this.#failure(message.message));
  }

  /** Nothing more can run; the first cause is the one that callers are told. */
  #end(cause: Error): void {
    this.#closed ??= cause;
    for (const pending of this.#pending.values()) pending.reject(this.#failure(cause.message));
    this.#pending.clear();
  }

  #failure(what: string): SkyfixError {
    return new SkyfixError('INTERNAL', `Running ${this.#path} failed: ${sentence(what)}`);
  }
}

const sentence = (what: string) => (/[.!?]$/.test(what) ? what : `${what}.`);

/**
 * Loads an ONNX network with one float32 input and output. Throws BUNDLE_CORRUPT where onnxruntime cannot load it.
 * `threads` are onnxruntime's own compute threads.
 */
export async function openOnnxEngine(path: string, options: { threads: number }): Promise<InferenceEngine> {
  const workerData: WorkerSetup = { path, threads: options.threads };
  const worker = new Worker(new URL('./onnx-worker.js', import.meta.url), { workerData });
  const engine = new OnnxEngine(worker, path);
  await engine.ready;
  return engine;
}
