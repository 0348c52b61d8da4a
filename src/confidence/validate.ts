// What a calibration says of answers whose truth is known, also of those that it was not fitted to.
import type { Calibration } from '../calibration/index.js';
import { distanceM } from '../geometry/index.js';
import { makeRng, shuffled } from '../random/index.js';
import { NEAR_M } from './evidence.js';
import { type FitOptions, fitCalibration, type LabelledAnswer } from './fit.js';
import { probabilitiesOf } from './probabilities.js';
import { radiusAt } from './radius.js';

/** What a calibration said of one answer, and the truth. */
export interface Verified {
  /** Of the first place; 0 where there is none. */
  readonly probability: number;
  readonly insideProbability: number;
  readonly inside: boolean;
  /** The first place is right. */
  readonly right: boolean;
  /** The camera stood in the circles around the first place; absent outside. */
  readonly held?: { readonly p68: boolean; readonly p95: boolean };
}

export function verify({ evidence, truth, ground }: LabelledAnswer, calibration: Calibration): Verified {
  const { candidates } = evidence;
  const probabilities = probabilitiesOf(evidence, calibration);
  const [first] = candidates;
  const said = {
    probability: probabilities.places[0] ?? 0,
    insideProbability: first ? 1 - probabilities.outside : 0,
    inside: truth !== undefined,
  };
  if (!first || !truth) return { ...said, right: false };
  const apartM = distanceM(first, truth);
  const circles = radiusAt(first, { candidates, probabilities, ground }, calibration);
  const held = { p68: apartM <= circles.p68, p95: apartM <= circles.p95 };
  return { ...said, right: apartM <= NEAR_M, held };
}

const FOLDS = 5;

/**
 * What is said of each answer by a calibration that was fitted to the others of four fifths of which it is none; `seed` draws
 * the fifths. Throws RangeError where there are fewer than FOLDS answers inside.
 */
export function crossValidate(
  answers: readonly LabelledAnswer[],
  options: FitOptions,
  seed = 1,
): readonly Verified[] {
  const folds = foldsOf(answers, seed);
  const fitted = Array.from({ length: FOLDS }, (_, fold) =>
    fitCalibration(
      answers.filter((_, k) => folds[k] !== fold),
      options,
    ),
  );
  return answers.map((answer, k) => verify(answer, fitted[folds[k] as number] as Calibration));
}

/** A fold for each answer: those inside and those outside are spread over all of them. */
function foldsOf(answers: readonly LabelledAnswer[], seed: number): number[] {
  const rng = makeRng(seed);
  const folds = new Array<number>(answers.length).fill(0);
  for (const inside of [true, false]) {
    const numbers = answers.flatMap(({ truth }, k) => ((truth !== undefined) === inside ? [k] : []));
    for (const [position, at] of shuffled(numbers.length, rng).entries()) {
      folds[numbers[at] as number] = position % FOLDS;
    }
  }
  return folds;
}
