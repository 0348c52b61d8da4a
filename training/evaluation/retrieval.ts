// Retrieval figures of strict ranks and of first answers' distances.

/** Unit descriptors, [count, dimensions] row-major. */
export interface Descriptors {
  readonly count: number;
  readonly dimensions: number;
  readonly data: Float32Array;
}

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
  const within = (limit: number): number =>
    (100 * sorted.filter((error) => error <= limit).length) / Math.max(1, sorted.length);
  return {
    queries: sorted.length,
    gallery,
    medianErrorM: medianOf(sorted),
    within5M: within(5),
    within25M: within(25),
    within50M: within(50),
  };
}

/** The middle value, or the mean of the two in the middle; NaN for none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? Number.NaN);
  return (lower + upper) / 2;
}
