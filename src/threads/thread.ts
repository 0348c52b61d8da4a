// One life of a thread: from its start to its end, with everything that it was asked meanwhile.
import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import { messageOf } from '../errors/index.js';
import { type FromThread, type ThreadSetup, type ToThread, uncarried } from './messages.js';
import { ThreadClosed, ThreadDied } from './thread-errors.js';

export interface AskOptions {
  /** Moved to the thread and not copied: the caller loses them. */
  readonly transfer?: readonly Transferable[];
  /** What the thread reports while it works. */
  readonly onProgress?: (done: number) => void;
}

export interface ThreadOptions {
  /** Whose thread it is, as errors name it: "the encoder". */
  readonly of: string;
  readonly setup: unknown;
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly onOpened: () => void;
  /** It ended though nobody closed it; heard before anyone who waits for an answer. */
  readonly onDeath: (death: ThreadDied) => void;
}

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Keeps the process alive while it opens, has something to answer or closes; an idle thread does not. */
export class Thread {
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #wasOpen = false;
  #closing = false;
  #ended = false;
  /** Why the thread could not open, in its own words. */
  #failure: Error | undefined;
  #cause: unknown;
  /** Resolves when the thread answers; rejects, once it has ended, with why it could not open or with ThreadDied. */
  readonly opened: Promise<void>;
  /** Resolves when the thread has ended; never rejects. */
  readonly ended: Promise<void>;

  constructor(script: URL, options: ThreadOptions) {
    this.#options = options;
    const { of, setup, resourceLimits } = options;
    const workerData: ThreadSetup = { setup };
    // Listening from before the thread runs, so that nothing it says or suffers is missed.
    const worker = new Worker(script, { workerData, ...(resourceLimits && { resourceLimits }) });
    this.#worker = worker;
    this.opened = new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => this.#hear(message, resolve));
      worker.once('exit', (code) => reject(this.#end(code) ?? new ThreadClosed(of)));
    });
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('error', (error) => {
      this.#cause ??= error;
    });
    worker.on('messageerror', (error) => {
      // An answer that cannot be read: nobody knows whose it was.
      this.#cause ??= error;
      void worker.terminate();
    });
    // Whoever waits for it is told; for the others it is no unhandled rejection.
    this.opened.catch(() => {});
  }

  /** Rejects with what the thread threw, or with ThreadDied or ThreadClosed. */
  ask(kind: string, argument: unknown, { transfer = [], onProgress }: AskOptions = {}): Promise<unknown> {
    if (this.#closing || this.#ended) return Promise.reject(new ThreadClosed(this.#options.of));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#post({ tell: 'ask', id, kind, argument }, transfer);
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#worker.ref();
    });
  }

  /** Nothing more is taken; the thread finishes what it was asked and ends by itself. */
  close(): void {
    if (this.#closing || this.#ended) return;
    this.#closing = true;
    this.#worker.ref();
    this.#post({ tell: 'close' });
  }

  #post(message: ToThread, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #hear(message: FromThread, resolveOpened: () => void): void {
    if (message.tell === 'opened') {
      this.#wasOpen = true;
      this.#options.onOpened();
      resolveOpened();
    } else if (message.tell === 'failed') this.#failure = uncarried(message.error);
    else if (message.tell === 'progress') this.#pending.get(message.id)?.onProgress?.(message.done);
    else {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.tell === 'answer') pending?.resolve(message.answer);
      else pending?.reject(uncarried(message.error));
    }
    if (this.#wasOpen && this.#pending.size === 0 && !this.#closing) this.#worker.unref();
  }

  /** What was asked and not answered is lost. Returns why the thread was never open, or how it died. */
  #end(code: number): Error | undefined {
    this.#ended = true;
    const cause = this.#failure ?? this.#cause;
    if (this.#closing && this.#pending.size === 0 && cause === undefined) return undefined;
    const why = cause === undefined ? `it ended with code ${code}` : bare(messageOf(cause));
    const death = new ThreadDied(this.#options.of, why, cause === undefined ? {} : { cause });
    this.#options.onDeath(death);
    for (const { reject } of this.#pending.values()) reject(death);
    this.#pending.clear();
    return this.#failure ?? death;
  }
}

const bare = (sentence: string) => sentence.replace(/[.]+$/, '');
