// Retrieval figures with strict ranking: a collapsed model, for which every similarity ties, scores zero.

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

/** Cosine similarities of one query to every gallery descriptor. */
function similarities(queries: Descriptors, query: number, gallery: Descriptors): Float32Array {
  const { dimensions } = gallery;
  const out = new Float32Array(gallery.count);
  const q = queries.data.subarray(query * dimensions, (query + 1) * dimensions);
  for (let row = 0; row < gallery.count; row++) {
    let sum = 0;
    const start = row * dimensions;
    for (let k = 0; k < dimensions; k++) sum += (q[k] as number) * (gallery.data[start + k] as number);
    out[row] = sum;
  }
  return out;
}

/**
 * Strict rank of each query's true gallery row: the number of other rows whose similarity is at least the true
 * one's (0 is best). NaN counts as a miss.
 */
export function strictRanks(
  queries: Descriptors,
  gallery: Descriptors,
  truth: readonly number[],
): Int32Array {
  if (queries.dimensions !== gallery.dimensions || truth.length !== queries.count) {
    throw new RangeError(
      `${queries.count} queries of ${queries.dimensions} against ${gallery.dimensions} dimensions with ${truth.length} truths.`,
    );
  }
  return Int32Array.from(truth, (row, query) => {
    const scores = similarities(queries, query, gallery);
    const own = scores[row] ?? Number.NaN;
    let rank = 0;
    for (let other = 0; other < scores.length; other++) {
      if (other !== row && !((scores[other] as number) < own)) rank++;
    }
    return rank;
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

/**
 * The gallery row with the highest similarity to any of a query's looks, for each query (the first look and the lower
 * row where two tie). `looks` are descriptors of the same queries in the same order, seen in different windows.
 */
export function firstAnswers(looks: readonly Descriptors[], gallery: Descriptors): Int32Array {
  return Int32Array.from({ length: looks[0]?.count ?? 0 }, (_, query) => {
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (const look of looks) {
      similarities(look, query, gallery).forEach((score, row) => {
        if (score <= highest) return;
        highest = score;
        best = row;
      });
    }
    return best;
  });
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
