// Bytes that should keep coming: says when, over one grace time, too few did.

export interface RateLimits {
  /** 0: one byte a grace time is enough. */
  readonly minBytesPerSecond: number;
  readonly graceMs: number;
}

export class RateWatch {
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  /** Calls `onSlow` once, and watches no longer then. */
  constructor({ minBytesPerSecond, graceMs }: RateLimits, onSlow: (bytes: number) => void) {
    const wanted = Math.max(1, (minBytesPerSecond * graceMs) / 1000);
    const judge = () => {
      if (this.#bytes < wanted) {
        this.stop();
        onSlow(this.#bytes);
      }
      this.#bytes = 0;
    };
    // After the poll phase: what arrived while the event loop was busy counts.
    this.#timer = setInterval(() => setImmediate(judge), graceMs);
    this.#timer.unref();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
