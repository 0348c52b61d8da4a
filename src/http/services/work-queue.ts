// Admission: at most `concurrency` requests are worked on and `queueSize` more wait (or upload); the rest are refused
// at once, so that memory and waiting time stay bounded.
import { SkyfixError } from '../../errors/index.js';

/** A place in the queue; release() exactly once, however the request ends. */
export interface Ticket {
  /** Runs the work when its turn comes; rejects with the signal's reason when it comes too late. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  release(): void;
}

export class WorkQueue {
  readonly concurrency: number;
  readonly queueSize: number;
  #admitted = 0;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(concurrency: number, queueSize: number) {
    this.concurrency = concurrency;
    this.queueSize = queueSize;
  }

  /** Requests admitted that are not being worked on. */
  get depth(): number {
    return this.#admitted - this.#running;
  }

  get running(): number {
    return this.#running;
  }

  /** Takes a place. Throws QUEUE_FULL. */
  admit(): Ticket {
    if (this.#admitted >= this.concurrency + this.queueSize) {
      throw new SkyfixError(
        'QUEUE_FULL',
        `${this.#running} requests are being worked on and ${this.depth} wait.`,
      );
    }
    this.#admitted++;
    let released = false;
    return {
      run: (work, signal) => this.#run(work, signal),
      release: () => {
        if (released) return;
        released = true;
        this.#admitted--;
      },
    };
  }

  async #run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= this.concurrency) await this.#turn(signal);
    else this.#running++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  /** Waits for a finished request to hand its slot on. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal.reason);
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(start);
    });
  }
}
