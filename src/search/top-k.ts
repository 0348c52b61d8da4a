// The k best of a stream of scored rows, without sorting all of them.
import type { Hit } from './types.js';

/** Best first; equal scores by row number. */
export function compareHits(a: Hit, b: Hit): number {
  return b.score - a.score || a.row - b.row;
}

/** The first of the highest values. */
export function placeOfHighest(values: Float32Array): number {
  let highest = 0;
  for (let k = 1; k < values.length; k++)
    if ((values[k] as number) > (values[highest] as number)) highest = k;
  return highest;
}

/** The k best rows of several answers, each row with its best score. */
export function bestOfLooks(answers: readonly (readonly Hit[])[], k: number): readonly Hit[] {
  const [first] = answers;
  if (first && answers.length === 1) return first.slice(0, k);
  const best = new Map<number, Hit>();
  for (const hit of answers.flat()) {
    const known = best.get(hit.row);
    if (!known || hit.score > known.score) best.set(hit.row, hit);
  }
  return [...best.values()].sort(compareHits).slice(0, k);
}

/** Keeps the k best hits of a stream, best first; of equal scores the one added first. */
export class TopK {
  readonly #scores: Float64Array;
  readonly #rows: Uint32Array;
  #size = 0;

  constructor(k: number) {
    this.#scores = new Float64Array(k);
    this.#rows = new Uint32Array(k);
  }

  /** A score that is not above it changes nothing. */
  get threshold(): number {
    const k = this.#scores.length;
    if (k === 0) return Number.POSITIVE_INFINITY;
    return this.#size < k ? Number.NEGATIVE_INFINITY : (this.#scores[k - 1] as number);
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
