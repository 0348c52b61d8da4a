// Refusing costs, too. Clients that come again at once, whatever Retry-After says, would be refused thousands of times a
// second with the time of those who are answered. So refusals have a pace: up to so many a second are told at once, those
// beyond wait for their turn, and who waits for an answer asks nothing meanwhile.

/** So much of a second's refusals may be told in one moment. */
const BURST_S = 0.25;
/** Nobody waits longer; where the line is longer than that, refusals are told at once again. */
export const MOST_WAIT_MS = 2_000;

export class RefusalPace {
  readonly #perSecond: number;
  readonly #now: () => number;
  /** When those before it will have been told, one after the other. */
  #nextMs = Number.NEGATIVE_INFINITY;
  #waiting = 0;

  /** `perSecond` 0: all are told at once. `now` in milliseconds. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Refusals that wait for their turn: at most MOST_WAIT_MS of them. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Milliseconds until one that is due now may be told; counts it. */
  takeTurn(): number {
    if (this.#perSecond === 0) return 0;
    const now = this.#now();
    const burstMs = Math.max(1000 * BURST_S, 1000 / this.#perSecond);
    const nextMs = Math.max(this.#nextMs, now - burstMs);
    const waitMs = Math.max(0, nextMs - now);
    if (waitMs > MOST_WAIT_MS) return 0;
    this.#nextMs = nextMs + 1000 / this.#perSecond;
    return waitMs;
  }

  /** Calls `tell` when it is its turn: at once, where that is now. */
  inTurn(tell: () => void): void {
    const waitMs = this.takeTurn();
    if (waitMs === 0) {
      tell();
      return;
    }
    this.#waiting++;
    setTimeout(() => {
      this.#waiting--;
      tell();
    }, waitMs);
  }
}
