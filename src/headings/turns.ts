// Which headings are tried, and what their scores say of the one that is answered. Degrees clockwise from north.
import { normalisedDeg, turnBetweenDeg } from '../geometry/index.js';

/** The camera looked up to `toleranceDeg` to either side of `aroundDeg`; 180 is all round. */
export interface HeadingRange {
  readonly aroundDeg: number;
  readonly toleranceDeg: number;
}

/** A heading that was tried, and how well the best place fits under it: a score of at most 1. */
export interface ScoredHeading {
  readonly headingDeg: number;
  readonly score: number;
}

/** Scores are told apart as exp(score / TEMPERATURE): set so that what is said of a heading is as large as its error. */
const TEMPERATURE = 0.015;

/** Evenly spaced headings of a range, its ends included, and the step between them: the largest that is at most `mostDeg`. */
export function evenHeadings(
  { aroundDeg, toleranceDeg }: HeadingRange,
  mostDeg: number,
): { readonly headings: readonly number[]; readonly stepDeg: number } {
  const aSide = Math.ceil(toleranceDeg / mostDeg);
  if (aSide === 0) return { headings: [normalisedDeg(aroundDeg)], stepDeg: 0 };
  const stepDeg = toleranceDeg / aSide;
  // All round, both ends are one heading.
  const count = toleranceDeg === 180 ? 2 * aSide : 2 * aSide + 1;
  const headings = Array.from({ length: count }, (_, k) => normalisedDeg(aroundDeg + (k - aSide) * stepDeg));
  return { headings, stepDeg };
}

/** True for a heading in the range, to a hair. */
export function isWithin({ aroundDeg, toleranceDeg }: HeadingRange, headingDeg: number): boolean {
  return Math.abs(turnBetweenDeg(aroundDeg, headingDeg)) <= toleranceDeg + 1e-9;
}

/**
 * Where the score is highest, near the best of the headings: the top of the parabola through it and the nearest ones on both
 * sides, each at most `reachDeg` away; itself where one of them is missing. [0, 360). Throws RangeError for none.
 */
export function peakDeg(scored: readonly ScoredHeading[], reachDeg: number): number {
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  const beside = scored
    .map(({ headingDeg, score }) => ({
      turn: turnBetweenDeg(best.headingDeg, headingDeg),
      drop: best.score - score,
    }))
    .filter(({ turn }) => Math.abs(turn) > 1e-9 && Math.abs(turn) <= reachDeg + 1e-9)
    .sort((a, b) => Math.abs(a.turn) - Math.abs(b.turn));
  const left = beside.find(({ turn }) => turn < 0);
  const right = beside.find(({ turn }) => turn > 0);
  if (!left || !right) return best.headingDeg;
  // drop(x) = a x^2 + b x through both; its lowest point is at -b / 2a.
  const a = (left.drop / left.turn - right.drop / right.turn) / (left.turn - right.turn);
  const b = right.drop / right.turn - a * right.turn;
  return a > 0 ? normalisedDeg(best.headingDeg - b / (2 * a)) : best.headingDeg;
}

/**
 * How far from `headingDeg` the headings lie that fit: root mean square of the turns, each weighted by how well it fits. 0 of
 * one that stands alone; where all headings fit alike, 104, as of a heading drawn at random.
 */
export function spreadDeg(headingDeg: number, scored: readonly ScoredHeading[]): number {
  const highest = Math.max(...scored.map(({ score }) => score));
  let [sum, weights] = [0, 0];
  for (const { headingDeg: other, score } of scored) {
    const weight = Math.exp((score - highest) / TEMPERATURE);
    sum += weight * turnBetweenDeg(headingDeg, other) ** 2;
    weights += weight;
  }
  return Math.sqrt(sum / weights);
}
