// The owner's side: a worker thread that answers requests, and that is started again when it dies.
import type { ResourceLimits } from 'node:worker_threads';
import { Pacer, type RestartPace } from './pace.js';
import type { LifeEvents, PartState } from './part.js';
import { type AskOptions, Thread } from './thread.js';
import { ThreadClosed, type ThreadDied } from './thread-errors.js';

/** What a kind of thread is asked: a function for each request, from what is asked to what is answered. */
export type Requests<T> = { readonly [K in keyof T]: (argument: never) => unknown };
export type ArgumentOf<T, K extends keyof T> = T[K] extends (argument: infer A) => unknown ? A : never;
export type AnswerOf<T, K extends keyof T> = T[K] extends (argument: never) => infer A ? A : never;

export interface RequestWorkerOptions extends LifeEvents {
  /** Whose thread it is, as errors name it: "the encoder". */
  readonly of: string;
  /** What the thread opens with, at each start. Shared memory is shared, all else copied. */
  readonly setup?: unknown;
  /** Absent: a thread that dies stays dead. */
  readonly restart?: RestartPace | undefined;
  readonly resourceLimits?: ResourceLimits | undefined;
}

/**
 * opening: for the first time. ready: it answers. recovering: it died and is started again.
 * dead: it died and stays so. closed: by its owner.
 */
export type ThreadState = 'opening' | 'ready' | 'recovering' | 'dead' | 'closed';

/** Speaks to a script that calls serveRequests with the same requests T. */
export class RequestWorker<T extends Requests<T>> {
  readonly #script: URL;
  readonly #options: RequestWorkerOptions;
  readonly #pacer: Pacer | undefined;
  #thread: Thread;
  #state: ThreadState = 'opening';
  #death: ThreadDied | undefined;
  #restarting: NodeJS.Timeout | undefined;
  /** Resolves when the thread answers for the first time; rejects with why it could not open, or ThreadDied. */
  readonly opened: Promise<void>;

  constructor(script: URL, options: RequestWorkerOptions) {
    this.#script = script;
    this.#options = options;
    this.#pacer = options.restart && new Pacer(options.restart);
    this.#thread = this.#start();
    this.opened = this.#thread.opened;
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** The same in the words of whoever asks what depends on the thread: one that stays dead is closed. */
  get partState(): PartState {
    if (this.#state === 'opening') return 'recovering';
    return this.#state === 'dead' ? 'closed' : this.#state;
  }

  /**
   * Asks the thread, which answers in order unless its script says otherwise. Rejects with what its handler threw (an
   * error of the table keeps its code), with ThreadDied when the thread is lost before it answered or is being started
   * again, and with ThreadClosed after close(). What killed a thread is not asked again.
   */
  ask<K extends keyof T & string>(
    kind: K,
    argument: ArgumentOf<T, K>,
    options: AskOptions = {},
  ): Promise<AnswerOf<T, K>> {
    if (this.#state === 'recovering' || this.#state === 'dead') {
      return Promise.reject(this.#death ?? new ThreadClosed(this.#options.of));
    }
    return this.#thread.ask(kind, argument, options) as Promise<AnswerOf<T, K>>;
  }

  /**
   * Lets what was asked finish, then ends the thread: one that is ended inside a native library takes the process with
   * it. Resolves when it has ended; never rejects.
   */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#restarting);
    this.#thread.close();
    await this.#thread.ended;
  }

  #start(): Thread {
    const { of, setup, resourceLimits } = this.#options;
    return new Thread(this.#script, {
      of,
      setup,
      resourceLimits,
      onOpened: () => this.#onOpened(),
      onDeath: (death) => this.#lose(death),
    });
  }

  #onOpened(): void {
    if (this.#state === 'closed') return;
    const recovered = this.#state === 'recovering';
    this.#state = 'ready';
    if (recovered) this.#options.onRecovered?.();
  }

  #lose(death: ThreadDied): void {
    if (this.#state === 'closed') return;
    this.#death = death;
    // What never opened is not tried again: its owner is told by `opened`.
    const neverOpened = this.#state === 'opening';
    if (neverOpened || !this.#pacer) this.#state = 'dead';
    else {
      this.#state = 'recovering';
      // A process that has nothing else to wait for need not wait for this.
      this.#restarting = setTimeout(() => {
        this.#thread = this.#start();
      }, this.#pacer.nextDelayMs()).unref();
    }
    if (!neverOpened) this.#options.onDeath?.(death);
  }
}
