// Which part of the data counts as labelled.
import { makeRng, shuffled } from 'skyfix/random';

/** The shares of labelled pairs that the paper compares. */
export const LABEL_FRACTIONS: readonly number[] = [0.01, 0.05, 0.1, 0.2, 0.5, 0.75, 1];

const LABEL_STREAM = 7_100_000;
const SAMPLE_STREAM = 7_200_000;

/**
 * The rows of `count` whose label may be seen, in ascending order: round(count·fraction), at least one where the
 * fraction is above 0. The same for the same seed, and those of a smaller fraction are among those of a larger one.
 */
export function labelledRows(count: number, fraction: number, seed: number): number[] {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`A share of labels lies between 0 and 1, not at ${fraction}.`);
  }
  const taken = fraction === 0 ? 0 : Math.max(1, Math.round(count * fraction));
  return firstOf(count, taken, seed, LABEL_STREAM);
}

/** A sample of at most `most` of `count` unlabelled rows, in ascending order; all where they are fewer. Each draw another. */
export function unlabelledSample(count: number, most: number, seed: number, draw: number): number[] {
  return firstOf(count, most, seed, SAMPLE_STREAM + draw);
}

function firstOf(count: number, taken: number, seed: number, stream: number): number[] {
  return shuffled(count, makeRng(seed, stream))
    .slice(0, taken)
    .sort((a, b) => a - b);
}
