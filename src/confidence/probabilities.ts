// From evidence to probabilities: a conditional logit (McFadden 1974) over the places that were found, "elsewhere in the
// region" and "outside of it", of which exactly one is true.
import type { Calibration, NoneWeights } from '../calibration/index.js';
import type { Candidate, Evidence } from './evidence.js';

export interface Probabilities {
  /** That the camera stood within NEAR_M of each place; in the candidates' order. */
  readonly places: readonly number[];
  /** In the region, at none of them. */
  readonly elsewhere: number;
  /** Outside of the region. */
  readonly outside: number;
}

type Weights = Pick<Calibration, 'place' | 'elsewhere' | 'outside'>;

/** They sum to 1. */
export function probabilitiesOf(evidence: Evidence, weights: Weights): Probabilities {
  const utilities = utilitiesOf(evidence, weights);
  const highest = Math.max(...utilities);
  const raised = utilities.map((utility) => Math.exp(utility - highest));
  const sum = raised.reduce((total, value) => total + value, 0);
  const shares = raised.map((value) => value / sum);
  const count = evidence.candidates.length;
  return {
    places: shares.slice(0, count),
    elsewhere: shares[count] as number,
    outside: shares[count + 1] as number,
  };
}

/** Of each candidate, of elsewhere and of outside. */
function utilitiesOf({ candidates, background }: Evidence, weights: Weights): number[] {
  const { place } = weights;
  const ofPlace = ({ score, agreement, excess }: Candidate) =>
    place.score * score + place.agreement * agreement + place.excess * excess;
  const ofNone = (none: NoneWeights) => none.constant + none.background * background;
  return [...candidates.map(ofPlace), ofNone(weights.elsewhere), ofNone(weights.outside)];
}
