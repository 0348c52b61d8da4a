// How fast a thread that keeps dying is started again.

export interface RestartPace {
  /** Wait before the first restart. */
  readonly firstDelayMs: number;
  /** The wait doubles up to this one. */
  readonly longestDelayMs: number;
  /** Restarts longer ago than this are forgotten. */
  readonly windowMs: number;
}

/** 0.1 s to 3 s: a single death is mended at once, a thread that dies at every start has at most 25 starts a minute. */
export const RESTART_PACE: RestartPace = { firstDelayMs: 100, longestDelayMs: 3000, windowMs: 60_000 };

/** Counts the restarts of one thread. The clock must not jump: performance.now, unless told. */
export class Pacer {
  readonly #pace: RestartPace;
  readonly #clock: () => number;
  #restarts: readonly number[] = [];

  constructor(pace: RestartPace, clock: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#clock = clock;
  }

  /** Milliseconds to wait before the restart that is due now; counts it. */
  nextDelayMs(): number {
    const { firstDelayMs, longestDelayMs, windowMs } = this.#pace;
    const now = this.#clock();
    const recent = this.#restarts.filter((at) => now - at < windowMs);
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** recent.length);
    this.#restarts = [...recent, now + delayMs];
    return delayMs;
  }
}
