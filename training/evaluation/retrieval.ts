// Retrieval figures with strict ranking: a collapsed model, for which every similarity ties, scores zero.

import { type Descriptors, eachScoreBlock } from './scores.js';

export type { Descriptors } from './scores.js';

export interface RecallFigures {
  readonly queries: number;
  readonly gallery: number;
  /** Percent. */
  readonly at1: number;
  readonly at5: number;
  readonly at10: number;
  /** Percent, K = floor(gallery / 100), at least 1. */
  readonly at1Percent: number;
}

/**
 * Strict rank of each query's true gallery row: the number of other rows whose similarity is at least the true
 * one's (0 is best). NaN counts as a miss.
 *
 * `ignored[query]` are rows that count neither for nor against it. VIGOR's semi-positives are such rows in the field's
 * hit rate (Zhu et al. 2021; Sample4Geo masks them): a tile that also shows the place is no error. Its recall counts
 * them as errors, so figures with and without must not be mixed.
 */
export function strictRanks(
  queries: Descriptors,
  gallery: Descriptors,
  truth: readonly number[],
  ignored: readonly (readonly number[])[] = [],
): Int32Array {
  if (truth.length !== queries.count) {
    throw new RangeError(`${queries.count} queries have ${truth.length} truths.`);
  }
  const ranks = new Int32Array(queries.count);
  const own = trueScores(queries, gallery, truth);
  const skipped = truth.map((row, query) => new Set([row, ...(ignored[query] ?? [])]));
  eachScoreBlock(queries, gallery, ({ firstQuery, queries: count, firstRow, rows, scores }) => {
    for (let q = 0; q < count; q++) {
      const query = firstQuery + q;
      const limit = own[query] as number;
      let better = 0;
      for (let g = 0; g < rows; g++) if (!((scores[q * rows + g] as number) < limit)) better++;
      for (const row of skipped[query] ?? []) {
        const g = row - firstRow;
        if (g >= 0 && g < rows && !((scores[q * rows + g] as number) < limit)) better--;
      }
      ranks[query] = (ranks[query] as number) + better;
    }
  });
  return ranks;
}

/** Each query's similarity to its true row, summed as the blocks are; NaN where the gallery has no such row. */
function trueScores(queries: Descriptors, gallery: Descriptors, truth: readonly number[]): Float32Array {
  const { dimensions, data } = gallery;
  return Float32Array.from(truth, (row, query) => {
    if (!(row >= 0 && row < gallery.count)) return Number.NaN;
    let sum = 0;
    for (let k = 0; k < dimensions; k++) {
      sum += (queries.data[query * dimensions + k] as number) * (data[row * dimensions + k] as number);
    }
    return sum;
  });
}

/** R@1, R@5, R@10 and R@1 % of strict ranks. */
export function recallOf(ranks: Int32Array, gallery: number): RecallFigures {
  const share = (k: number): number => {
    let hits = 0;
    for (const rank of ranks) if (rank < k) hits++;
    return (100 * hits) / Math.max(1, ranks.length);
  };
  return {
    queries: ranks.length,
    gallery,
    at1: share(1),
    at5: share(5),
    at10: share(10),
    at1Percent: share(Math.max(1, Math.floor(gallery / 100))),
  };
}

/** What guessing reaches: every row of the gallery is equally likely to come first. */
export function chanceOf(gallery: number): Omit<RecallFigures, 'queries' | 'gallery'> {
  const share = (k: number): number => (100 * Math.min(k, gallery)) / Math.max(1, gallery);
  return {
    at1: share(1),
    at5: share(5),
    at10: share(10),
    at1Percent: share(Math.max(1, Math.floor(gallery / 100))),
  };
}

/** The ranks at which a hit curve is drawn. */
export const HIT_CURVE_RANKS = [1, 2, 5, 10, 20, 50, 100] as const;

/** Percent of queries found within rank 1, 2, 5, ... of HIT_CURVE_RANKS (strict ranks, 0 is best). */
export function hitCurve(ranks: Int32Array): number[] {
  return HIT_CURVE_RANKS.map(
    (k) => (100 * ranks.filter((rank) => rank < k).length) / Math.max(1, ranks.length),
  );
}

export interface DistanceFigures {
  readonly queries: number;
  readonly gallery: number;
  readonly medianErrorM: number;
  /** Percent of first answers within so many metres. */
  readonly within5M: number;
  readonly within25M: number;
  readonly within50M: number;
}

/** Median error and shares within 5, 25 and 50 m of first answers' distances. */
export function distanceFigures(errorsM: readonly number[], gallery: number): DistanceFigures {
  const sorted = [...errorsM].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? Number.NaN);
  const within = (limit: number): number =>
    (100 * sorted.filter((error) => error <= limit).length) / Math.max(1, sorted.length);
  return {
    queries: sorted.length,
    gallery,
    medianErrorM: (lower + upper) / 2,
    within5M: within(5),
    within25M: within(25),
    within50M: within(50),
  };
}
