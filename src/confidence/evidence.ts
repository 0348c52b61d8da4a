// What an answer's places say about themselves: the numbers that probabilities are made of.
import { distanceM, type LonLat } from '../geometry/index.js';

/** A place that may be the right one. */
export interface Candidate extends LonLat {
  readonly score: number;
  /** Share of the looks whose own best tile says that the camera stood here; 0 where the bundle looks once. */
  readonly agreement: number;
  /** Spacings that its score lies above the second place's. */
  readonly excess: number;
}

export interface Evidence {
  /** Best first, at most CANDIDATES, each more than NEAR_M from every better one. */
  readonly candidates: readonly Candidate[];
  /** Mean score of the places but the best; the best's own where it is alone. */
  readonly background: number;
}

/** Within so many metres of a place the camera is said to have stood there. */
export const NEAR_M = 25;
/** So many places are looked at, however many were asked for: more would change the search itself. */
export const CANDIDATES = 6;
/** Scores that are equal to the last digit are not infinitely telling. */
const LEAST_SPACING = 1e-4;

/** A place as the search gives it. */
export interface ScoredPlace extends LonLat {
  readonly score: number;
  readonly agreement?: number | undefined;
}

/**
 * The evidence of an answer's places, best first. The spacing b is estimated from the scores below the best, s_2 >= ... >= s_n:
 * the mean of i (s_(i+1) - s_(i+2)) over i = 1 ... n - 2, since the i-th spacing of the highest of many values has the
 * mean b / i (Rényi 1953; Hill's estimator). Where there are fewer than two of them, the drop to the second, or nothing, is b.
 */
export function evidenceOf(places: readonly ScoredPlace[]): Evidence {
  const best: ScoredPlace[] = [];
  for (const place of places) {
    if (best.length < CANDIDATES && best.every((better) => distanceM(better, place) > NEAR_M))
      best.push(place);
  }
  const scores = best.map(({ score }) => score);
  const [first = 0, second = first - 1, ...more] = scores;
  const others = scores.length > 1 ? [second, ...more] : [];
  let sum = 0;
  for (const [k, next] of more.entries()) sum += (k + 1) * ((others[k] as number) - next);
  const spacing = Math.max(LEAST_SPACING, more.length > 0 ? sum / more.length : first - second);
  return {
    candidates: best.map(({ lon, lat, score, agreement = 0 }) => ({
      lon,
      lat,
      score,
      agreement,
      excess: (score - second) / spacing,
    })),
    background: others.length > 0 ? others.reduce((total, score) => total + score, 0) / others.length : first,
  };
}
