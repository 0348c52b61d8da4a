// Fitting a calibration to answers whose truth is known: penalised maximum likelihood of the conditional logit, by Newton.
import { CALIBRATION_SCHEMA, type Calibration } from '../calibration/index.js';
import { distanceM, type LonLat } from '../geometry/index.js';
import { type Evidence, NEAR_M } from './evidence.js';
import { solve } from './linear.js';
import { probabilitiesOf } from './probabilities.js';
import { type Chances, levelAt } from './radius.js';

/** One answer, and where the camera stood: undefined where it was outside of the region. */
export interface LabelledAnswer {
  readonly evidence: Evidence;
  readonly truth: LonLat | undefined;
  /** Points spread evenly over the region. */
  readonly ground: readonly LonLat[];
}

export interface FitOptions {
  readonly encoderSha256: string;
  /** ISO 8601 */
  readonly createdAt: string;
  /** Share of the questions that are taken to come from outside of the region, however many of the answers do. */
  readonly outsideShare?: number | undefined;
}

export const DEFAULT_OUTSIDE_SHARE = 0.05;

/** Parameters: of a place's score, agreement and excess; of elsewhere's constant and background; of outside's. */
const PARAMETERS = 7;
/** What is expected of each without data, and how far off it may well be: a normal distribution, so that few answers do not
 * make a weight infinite. Scores differ by hundredths: their weights are tens. */
const EXPECTED = [20, 0, 0, 10, 0, 10, 0];
const SPREAD = [40, 10, 2, 40, 40, 40, 40];

/** Weights and circles for answers whose truth is known. Throws RangeError where none is inside. */
export function fitCalibration(answers: readonly LabelledAnswer[], options: FitOptions): Calibration {
  const weights = fitWeights(answers, options.outsideShare ?? DEFAULT_OUTSIDE_SHARE);
  const [score = 0, agreement = 0, excess = 0, elsewhere = 0, elsewhereBg = 0, outside = 0, outsideBg = 0] =
    weights;
  const logit = {
    place: { score, agreement, excess },
    elsewhere: { constant: elsewhere, background: elsewhereBg },
    outside: { constant: outside, background: outsideBg },
  };
  const errorsM = quantiles(answers.flatMap(errorOfRight), ERROR_QUANTILES);
  return {
    schema: CALIBRATION_SCHEMA,
    createdAt: options.createdAt,
    encoderSha256: options.encoderSha256,
    ...logit,
    errorsM,
    levels: levelsOf(answers, logit, errorsM),
  };
}

/** 0, 5, ..., 100 % */
const ERROR_QUANTILES = 21;

/** How far the first place is off, where it is right. */
function errorOfRight({ evidence, truth }: LabelledAnswer): number[] {
  const [first] = evidence.candidates;
  if (!first || !truth) return [];
  const errorM = distanceM(first, truth);
  return errorM <= NEAR_M ? [errorM] : [];
}

/** Of values, at `count` equal steps from 0 to 1, between two of them by interpolation; 0 to NEAR_M where there are none. */
export function quantiles(values: readonly number[], count: number): number[] {
  const sorted = values.length > 0 ? [...values].sort((a, b) => a - b) : [0, NEAR_M];
  return Array.from({ length: count }, (_, k) => quantile(sorted, k / (count - 1)));
}

/** Of ascending values (linear interpolation, as numpy.quantile does). */
function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const low = ascending[Math.floor(at)] as number;
  const high = ascending[Math.ceil(at)] as number;
  return low + (at - Math.floor(at)) * (high - low);
}

/**
 * Conformal levels (Vovk et al. 2005): of each answer inside, the share that the circle through the camera holds by the
 * model;
 * the ceil((n + 1) q)-th smallest of them is the level whose circles hold the share q of cameras to come.
 */
function levelsOf(
  answers: readonly LabelledAnswer[],
  weights: Pick<Calibration, 'place' | 'elsewhere' | 'outside'>,
  errorsM: readonly number[],
): Calibration['levels'] {
  const reached = answers
    .flatMap(({ evidence, truth, ground }) => {
      const [first] = evidence.candidates;
      if (!truth || !first) return [];
      const chances: Chances = {
        candidates: evidence.candidates,
        probabilities: probabilitiesOf(evidence, weights),
        ground,
      };
      return [levelAt(first, chances, errorsM, distanceM(first, truth))];
    })
    .sort((a, b) => a - b);
  const level = (share: number) => reached[Math.ceil((reached.length + 1) * share) - 1] ?? 1;
  return { p68: level(0.68), p95: level(0.95) };
}

/** Features of every alternative, as the parameters weigh them: the candidates, elsewhere, outside. */
function rowsOf({ candidates, background }: Evidence): number[][] {
  return [
    ...candidates.map(({ score, agreement, excess }) => [score, agreement, excess, 0, 0, 0, 0]),
    [0, 0, 0, 1, background, 0, 0],
    [0, 0, 0, 0, 0, 1, background],
  ];
}

/** Which of rowsOf is true: the best candidate near the camera, else elsewhere, or outside. */
export function labelOf({ evidence: { candidates }, truth }: LabelledAnswer): number {
  if (!truth) return candidates.length + 1;
  const near = candidates.findIndex((place) => distanceM(place, truth) <= NEAR_M);
  return near < 0 ? candidates.length : near;
}

/**
 * The seven weights. With p = softmax(X w) the gradient of an answer's log-likelihood is x_label - X^T p, its Hessian
 * -(X^T diag(p) X - X^T p p^T X) (McFadden 1974); each answer inside weighs 1, those outside together so much that their share
 * is `outsideShare`.
 */
export function fitWeights(answers: readonly LabelledAnswer[], outsideShare: number): number[] {
  const inside = answers.filter(({ truth }) => truth).length;
  if (inside === 0) throw new RangeError('There is no answer inside of the region.');
  const outside = answers.length - inside;
  const outsideWeight = outside === 0 ? 0 : (inside * outsideShare) / (1 - outsideShare) / outside;
  const cases = answers.map((answer) => ({
    rows: rowsOf(answer.evidence),
    label: labelOf(answer),
    weight: answer.truth ? 1 : outsideWeight,
  }));
  let weights = [...EXPECTED];
  for (let round = 0; round < 100; round++) {
    const { gradient, hessian } = slopeAt(weights, cases);
    const step = solve(hessian, gradient);
    // Damped: far from the optimum a whole step may overshoot.
    let share = 1;
    const before = likelihood(weights, cases);
    const moved = (by: number) => weights.map((weight, k) => weight + by * (step[k] as number));
    while (likelihood(moved(share), cases) < before && share > 1e-6) share /= 2;
    weights = moved(share);
    if (Math.max(...step.map(Math.abs)) * share < 1e-9) break;
  }
  return weights;
}

interface Case {
  readonly rows: readonly (readonly number[])[];
  readonly label: number;
  readonly weight: number;
}

function softmaxOf(
  rows: Case['rows'],
  weights: readonly number[],
): { shares: number[]; logSum: number; utilities: number[] } {
  const utilities = rows.map((row) => row.reduce((sum, value, k) => sum + value * (weights[k] as number), 0));
  const highest = Math.max(...utilities);
  const raised = utilities.map((utility) => Math.exp(utility - highest));
  const sum = raised.reduce((total, value) => total + value, 0);
  return { shares: raised.map((value) => value / sum), logSum: highest + Math.log(sum), utilities };
}

/** Log-likelihood of the answers, less the penalty of weights far from what is expected. */
function likelihood(weights: readonly number[], cases: readonly Case[]): number {
  let sum = 0;
  for (const { rows, label, weight } of cases) {
    const { utilities, logSum } = softmaxOf(rows, weights);
    sum += weight * ((utilities[label] as number) - logSum);
  }
  for (const [k, value] of weights.entries()) sum -= offBy(value, k) ** 2 / 2;
  return sum;
}

const offBy = (value: number, k: number) => (value - (EXPECTED[k] as number)) / (SPREAD[k] as number);

/** Gradient of the likelihood, and its Hessian with the sign turned: positive definite. */
function slopeAt(weights: readonly number[], cases: readonly Case[]) {
  const gradient = weights.map((value, k) => -offBy(value, k) / (SPREAD[k] as number));
  const hessian = Array.from({ length: PARAMETERS }, (_, i) =>
    Array.from({ length: PARAMETERS }, (_, j) => (i === j ? 1 / (SPREAD[i] as number) ** 2 : 0)),
  );
  for (const { rows, label, weight } of cases) {
    const { shares } = softmaxOf(rows, weights);
    const mean = Array.from({ length: PARAMETERS }, (_, k) =>
      rows.reduce((sum, row, a) => sum + (shares[a] as number) * (row[k] as number), 0),
    );
    for (let i = 0; i < PARAMETERS; i++) {
      gradient[i] = (gradient[i] as number) + weight * ((rows[label]?.[i] as number) - (mean[i] as number));
      const line = hessian[i] as number[];
      for (let j = 0; j < PARAMETERS; j++) {
        const square = rows.reduce(
          (sum, row, a) => sum + (shares[a] as number) * (row[i] as number) * (row[j] as number),
          0,
        );
        line[j] = (line[j] as number) + weight * (square - (mean[i] as number) * (mean[j] as number));
      }
    }
  }
  return { gradient, hessian };
}
