// Work: at most `concurrency` requests are worked on and `queueSize` more wait; the rest are refused at once, so that
// memory and waiting time stay bounded. Only a request whose upload is there takes a place.
import { refusal } from '../../errors/index.js';

export class WorkQueue {
  readonly concurrency: number;
  readonly queueSize: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(concurrency: number, queueSize: number) {
    this.concurrency = concurrency;
    this.queueSize = queueSize;
  }

  /** Requests that wait for their turn. */
  get depth(): number {
    return this.#waiting.length;
  }

  get running(): number {
    return this.#running;
  }

  /** Throws QUEUE_FULL where there is no place now. */
  checkRoom(): void {
    if (this.#running < this.concurrency || this.#waiting.length < this.queueSize) return;
    throw refusal(
      'QUEUE_FULL',
      `${this.#running} requests are being worked on and ${this.#waiting.length} wait.`,
    );
  }

  /**
   * Runs the work when its turn comes; its place is free when the work has ended, however it ends. Rejects with
   * QUEUE_FULL, or with the signal's reason where that fires first: who waits then leaves the queue. `admitted`: it waits
   * however many do, for the caller sees to it that these stay few.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal, admitted = false): Promise<T> {
    signal.throwIfAborted();
    if (!admitted) this.checkRoom();
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
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(start);
    });
  }
}
