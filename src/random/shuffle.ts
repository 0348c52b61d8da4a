// Order by chance.
import type { Rng } from './rng.js';

/** A shuffled list of 0..count-1 (Fisher-Yates). */
export function shuffled(count: number, rng: Rng): number[] {
  const order = Array.from({ length: count }, (_, k) => k);
  for (let k = count - 1; k > 0; k--) {
    const other = rng.int(0, k);
    const swap = order[k] as number;
    order[k] = order[other] as number;
    order[other] = swap;
  }
  return order;
}
