// What an answer as a whole is worth, in one word and a sentence.
import type { BevTexture } from '../imaging/index.js';

/** What may be said of an answer. */
export const VERDICTS = ['located', 'ambiguous', 'not in this region', 'unusable image'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** From where on something is said; the settings of a server. */
export interface VerdictThresholds {
  /** "located": the best place's probability is at least this. */
  readonly locatedProbability: number;
  /** "not in this region": the probability that the camera stood inside is below this. */
  readonly insideProbability: number;
  /** "unusable image": less than this share of the ground around the camera is seen. */
  readonly seenShare: number;
  /** "unusable image": the ground's grey values differ by less than this (standard deviation, of 255). */
  readonly textureSpread: number;
}

export const DEFAULT_THRESHOLDS: VerdictThresholds = {
  locatedProbability: 0.7,
  insideProbability: 0.5,
  seenShare: 0.1,
  textureSpread: 2,
};

/** What is known of the image itself. */
export interface ImageFacts extends BevTexture {
  /** How alike neighbours in it are; see imaging's coherenceOf. */
  readonly coherence: number;
}

/** Below it an image is noise: half of the darkest night's. */
const LEAST_COHERENCE = 0.1;

/** What a verdict is made of. */
export interface VerdictFacts {
  /** Probability of the best place, and of the next one with its distance from it; undefined where there is none. */
  readonly best: number | undefined;
  readonly next: { readonly probability: number; readonly apartM: number } | undefined;
  readonly inside: number;
  readonly image: ImageFacts;
}

export interface JudgedAnswer {
  readonly verdict: Verdict;
  /** A sentence or two. */
  readonly reason: string;
}

export function judge(
  { best, next, inside, image }: VerdictFacts,
  thresholds: VerdictThresholds,
): JudgedAnswer {
  const useless = imageFault(image, thresholds);
  if (useless) return { verdict: 'unusable image', reason: useless };
  if (best === undefined) {
    return { verdict: 'not in this region', reason: 'No tile of the region lies inside the given area.' };
  }
  if (inside < thresholds.insideProbability) {
    return {
      verdict: 'not in this region',
      reason: `Nothing in the region fits well: the probability that the camera stood in it is ${percent(inside)}.`,
    };
  }
  const beside = next
    ? ` The next place, ${metres(next.apartM)} away, has ${percent(next.probability)}.`
    : ' There is no other place to compare with.';
  if (best >= thresholds.locatedProbability) {
    return { verdict: 'located', reason: `The best place has a probability of ${percent(best)}.${beside}` };
  }
  return {
    verdict: 'ambiguous',
    reason: `No place is likely enough: the best has a probability of ${percent(best)}.${beside}`,
  };
}

/** Why nothing can be told from such an image, as a sentence; undefined where something can. */
export function imageFault(
  { validShare, spread, coherence }: ImageFacts,
  thresholds: Pick<VerdictThresholds, 'seenShare' | 'textureSpread'>,
): string | undefined {
  if (validShare < thresholds.seenShare) {
    return `The image shows only ${percent(validShare)} of the ground around the camera.`;
  }
  if (coherence < LEAST_COHERENCE) {
    return 'The image is noise: what lies side by side in it is no more alike than what lies apart.';
  }
  if (spread >= thresholds.textureSpread) return undefined;
  return `The ground around the camera is almost of one colour: its grey values differ by ${spread.toFixed(1)} of 255.`;
}

/** 93 %, 99.6 %, under 0.1 % */
function percent(share: number): string {
  const value = 100 * share;
  if (value < 0.1) return 'under 0.1 %';
  if (value > 99.9) return 'over 99.9 %';
  return value < 1 || value > 99 ? `${value.toFixed(1)} %` : `${value.toFixed(0)} %`;
}

/** 34 m, 1.2 km */
function metres(apartM: number): string {
  return apartM < 1000 ? `${apartM.toFixed(0)} m` : `${(apartM / 1000).toFixed(1)} km`;
}
