// From the places of an answer to what they are worth: a probability and circles for each, a verdict for the whole.
import type { Calibration, CalibrationSource } from '../calibration/index.js';
import { distanceM, type LonLat } from '../geometry/index.js';
import { type Evidence, evidenceOf, NEAR_M, type ScoredPlace } from './evidence.js';
import { type Probabilities, probabilitiesOf } from './probabilities.js';
import { type Chances, type RadiusM, radiusAt } from './radius.js';
import { type ImageFacts, type JudgedAnswer, judge, type VerdictThresholds } from './verdict.js';

export interface AnswerToAssess {
  /** The places of the search, best first: what the evidence is; at least CANDIDATES where there are so many. */
  readonly found: readonly ScoredPlace[];
  /** What is answered: some of them, or tiles beside them. */
  readonly answered: readonly (LonLat & { readonly score: number })[];
  readonly image: ImageFacts;
  /** Points spread evenly over where the camera may have stood. */
  readonly ground: readonly LonLat[];
}

/** Who calibrated an answer, and what the verdict was made of. */
export interface Confidence {
  readonly source: CalibrationSource;
  /** Probability that the camera stood in the region (and in the prior, where one was given). */
  readonly insideProbability: number;
  /** How far the best place's score lies above that of the next one more than 25 m away; absent where there is none. */
  readonly gap?: number;
  /** Share of the looks that vote for the best place; absent where the bundle looks once. */
  readonly agreement?: number;
}

export interface Assessment extends JudgedAnswer {
  readonly confidence: Confidence;
  /** In the order of `answered`. */
  readonly places: readonly { readonly probability: number; readonly radiusM: RadiusM }[];
}

export function assess(
  { found, answered, image, ground }: AnswerToAssess,
  { calibration, source }: { readonly calibration: Calibration; readonly source: CalibrationSource },
  thresholds: VerdictThresholds,
): Assessment {
  const evidence = evidenceOf(found);
  const { candidates } = evidence;
  const probabilities = probabilitiesOf(evidence, calibration);
  const chances: Chances = { candidates, probabilities, ground };
  const [best, next] = candidates;
  const inside = 1 - probabilities.outside;
  const [bestProbability, nextProbability = 0] = probabilities.places;
  const judged = judge(
    {
      best: best && bestProbability,
      next: best && next && { probability: nextProbability, apartM: distanceM(best, next) },
      inside,
      image,
    },
    thresholds,
  );
  return {
    ...judged,
    confidence: {
      source,
      insideProbability: best ? inside : 0,
      ...(best && next && { gap: best.score - next.score }),
      ...(found[0]?.agreement !== undefined && { agreement: found[0].agreement }),
    },
    places: answered.map((place) => ({
      probability: probabilityAt(place, evidence, probabilities),
      radiusM: radiusAt(place, chances, calibration),
    })),
  };
}

/** Of the candidates near a place; of a place that is none of them, at most what is left and what the last of them has. */
function probabilityAt(
  place: LonLat,
  { candidates }: Evidence,
  { places, elsewhere }: Probabilities,
): number {
  const near = candidates.flatMap((candidate, k) =>
    distanceM(place, candidate) <= NEAR_M ? [places[k] as number] : [],
  );
  if (near.length > 0)
    return Math.min(
      1,
      near.reduce((sum, probability) => sum + probability, 0),
    );
  return Math.min(elsewhere, ...places);
}
