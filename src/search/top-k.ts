// The k best of a stream of scored rows, without sorting all of them.
import type { Hit } from './types.js';

/** Keeps the k best hits of a stream, best first; of equal scores the one added first. */
export class TopK {
  readonly #scores: Float64Array;
  readonly #rows: Uint32Array;
  #size = 0;

  constructor(k: number) {
    this.#scores = new Float64Array(k);
    this.#rows = new Uint32Array(k);
  }

  add(row: number, score: number): void {
    const k = this.#scores.length;
    if (this.#size === k && (k === 0 || score <= (this.#scores[k - 1] as number))) return;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scores[middle] as number) >= score) low = middle + 1;
      else high = middle;
    }
    this.#size = Math.min(k, this.#size + 1);
    this.#scores.copyWithin(low + 1, low, this.#size - 1);
    this.#rows.copyWithin(low + 1, low, this.#size - 1);
    this.#scores[low] = score;
    this.#rows[low] = row;
  }

  hits(): Hit[] {
    return Array.from({ length: this.#size }, (_, i) => ({
      row: this.#rows[i] as number,
      score: this.#scores[i] as number,
    }));
  }
}
