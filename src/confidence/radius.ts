// The circles around a place that hold the camera with a given certainty.
import type { Calibration } from '../calibration/index.js';
import { distanceM, type LonLat } from '../geometry/index.js';
import { NEAR_M } from './evidence.js';
import type { Probabilities } from './probabilities.js';

export interface RadiusM {
  readonly p68: number;
  readonly p95: number;
}

/** Where the camera may have stood. */
export interface Chances {
  readonly candidates: readonly LonLat[];
  readonly probabilities: Probabilities;
  /** Points spread evenly over the region, or over the prior in it. */
  readonly ground: readonly LonLat[];
}

/** How far something lies from a circle's centre, and how likely it is. */
interface Mass {
  readonly apartM: number;
  readonly share: number;
}

/**
 * The circles around `centre`. If the camera stood at a candidate near it, it is off by `errorsM`; if at another one, by the way
 * to that; if elsewhere, it stood on any of the ground. Outside of the region is left out: a circle says where in the
 * region it stood, and the probability of that is told beside it.
 */
export function radiusAt(
  centre: LonLat,
  chances: Chances,
  { errorsM, levels }: Pick<Calibration, 'errorsM' | 'levels'>,
): RadiusM {
  const masses = massesAround(centre, chances, errorsM);
  return { p68: quantileOf(masses, levels.p68), p95: quantileOf(masses, levels.p95) };
}

/** The share that a circle of `apartM` holds by the model, from 0 to 1: what `levels` are compared with. */
export function levelAt(
  centre: LonLat,
  chances: Chances,
  errorsM: readonly number[],
  apartM: number,
): number {
  const masses = massesAround(centre, chances, errorsM);
  const total = masses.reduce((sum, { share }) => sum + share, 0);
  let [below, belowM] = [0, 0];
  for (const mass of masses) {
    if (mass.apartM >= apartM) {
      const part = mass.apartM > belowM ? (apartM - belowM) / (mass.apartM - belowM) : 1;
      return (below + part * mass.share) / total;
    }
    below += mass.share;
    belowM = mass.apartM;
  }
  return 1;
}

/** Nearest first. */
function massesAround(centre: LonLat, chances: Chances, errorsM: readonly number[]): Mass[] {
  const { candidates, ground, probabilities } = chances;
  const masses: Mass[] = [];
  for (const [k, place] of candidates.entries()) {
    const share = probabilities.places[k] as number;
    const apartM = distanceM(centre, place);
    if (apartM > NEAR_M) masses.push({ apartM, share });
    // Quantiles at equal steps: each stands for the same share.
    else
      for (const errorM of errorsM) masses.push({ apartM: apartM + errorM, share: share / errorsM.length });
  }
  const share = probabilities.elsewhere / ground.length;
  for (const point of ground) masses.push({ apartM: distanceM(centre, point), share });
  return masses.sort((a, b) => a.apartM - b.apartM);
}

/** The distance within which `level` of the mass lies, by interpolation between two points of it. */
function quantileOf(masses: readonly Mass[], level: number): number {
  const wanted = level * masses.reduce((sum, { share }) => sum + share, 0);
  let [below, belowM] = [0, 0];
  for (const { apartM, share } of masses) {
    if (below + share >= wanted && share > 0)
      return belowM + ((apartM - belowM) * Math.max(0, wanted - below)) / share;
    below += share;
    belowM = apartM;
  }
  return belowM;
}
