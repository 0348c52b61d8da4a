// Means with their spread over seeds, and the rule by which a difference counts.

/** One figure of one run. */
export interface Sample {
  readonly seed: number;
  readonly value: number;
}

export interface Spread {
  readonly mean: number;
  /** Sample deviation (n - 1); undefined for one value. */
  readonly deviation: number | undefined;
  readonly count: number;
}

export type Verdict =
  | 'holds outside the error bars'
  | 'holds within the error bars only'
  | 'does not hold'
  | 'no error bars: fewer than two seeds';

export interface Comparison {
  readonly better: Spread;
  readonly worse: Spread;
  /** Difference of the means, positive where the claim points the right way. */
  readonly difference: number;
  /** Pooled sample deviation; undefined where neither side has two seeds. */
  readonly pooled: number | undefined;
  /** Of the seeds that both sides have: how many, and on how many the claim holds. */
  readonly seeds: number;
  readonly seedsFor: number;
  readonly verdict: Verdict;
}

/** The rule in words, as reports print it. */
export const VERDICT_RULE =
  'A claim "A is better than B" *holds outside the error bars* where the difference of the means over seeds is larger than ' +
  'the pooled sample deviation s = √(((nA − 1)·sA² + (nB − 1)·sB²) / (nA + nB − 2)), *holds ' +
  'within the error bars only* where the ' +
  'difference is positive and at most s, and *does not hold* where it is zero or negative. A figure held to a fixed ' +
  'limit is judged in the same way with its own deviation. With fewer than two seeds on ' +
  'a side there are no error bars and no verdict but ' +
  '"does not hold". Three seeds are few: a difference of 1 s is a hint, one of 3 s is safe; the tables print it.';

export function spreadOf(samples: readonly Sample[]): Spread {
  const count = samples.length;
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / count;
  const squares = samples.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : undefined, count };
}

/** Judges "`better` is above `worse`"; `lower` turns it round for figures where less is better. */
export function compareSamples(
  better: readonly Sample[],
  worse: readonly Sample[],
  lower = false,
): Comparison {
  const [a, b] = [spreadOf(better), spreadOf(worse)];
  const sign = lower ? -1 : 1;
  const difference = sign * (a.mean - b.mean);
  const paired = better.flatMap(({ seed, value }) => {
    const other = worse.find((sample) => sample.seed === seed);
    return other ? [sign * (value - other.value)] : [];
  });
  const pooled = pooledDeviation(a, b);
  return {
    better: a,
    worse: b,
    difference,
    pooled,
    seeds: paired.length,
    seedsFor: paired.filter((value) => value > 0).length,
    verdict: verdictOf(difference, pooled),
  };
}

/** Judges "the figure is at least `limit`". */
export function compareToLimit(samples: readonly Sample[], limit: number): Comparison {
  const better = spreadOf(samples);
  const difference = better.mean - limit;
  return {
    better,
    worse: { mean: limit, deviation: undefined, count: 0 },
    difference,
    pooled: better.deviation,
    seeds: samples.length,
    seedsFor: samples.filter(({ value }) => value >= limit).length,
    // "At least" is kept by equality too.
    verdict:
      difference === 0 && better.deviation !== undefined
        ? 'holds within the error bars only'
        : verdictOf(difference, better.deviation),
  };
}

function verdictOf(difference: number, deviation: number | undefined): Verdict {
  if (!(difference > 0)) return 'does not hold';
  if (deviation === undefined) return 'no error bars: fewer than two seeds';
  return difference > deviation ? 'holds outside the error bars' : 'holds within the error bars only';
}

function pooledDeviation(a: Spread, b: Spread): number | undefined {
  if (a.deviation === undefined || b.deviation === undefined) return undefined;
  const squares = (a.count - 1) * a.deviation ** 2 + (b.count - 1) * b.deviation ** 2;
  return Math.sqrt(squares / (a.count + b.count - 2));
}
