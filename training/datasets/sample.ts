// A few pairs drawn by seed.
import { makeRng, shuffled } from 'skyfix/random';
import type { CrossViewDataset, CrossViewPair } from './listing/types.js';

/** So many pairs, or all where there are fewer: the same for the same seed and the same pairs. */
export function samplePairs(
  { pairs }: Pick<CrossViewDataset, 'pairs'>,
  seed: number,
  count: number,
): CrossViewPair[] {
  const order = shuffled(pairs.length, makeRng(seed)).slice(0, count);
  return order.flatMap((k) => pairs[k] ?? []);
}
