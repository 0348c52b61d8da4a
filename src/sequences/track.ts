// From the candidates of each panorama to one track. A panorama's candidates are the places of its own answer; beside them it may
// stand where none of them is. Where the camera looks along the way, or at a fixed angle to it, that ties headings to directions:
// the angle is one of a few, or there is none, whichever explains the whole best.
import type { Verdict } from '../confidence/index.js';
import { distanceM, type LonLat, localOffsetM, turnBetweenDeg } from '../geometry/index.js';
import { type Decoded, decodeChain } from './chain.js';
import { type Step, stepLogDensity } from './movement.js';
import { type Moment, secondsBetween } from './times.js';

export interface FrameCandidate extends LonLat {
  /** Cosine; differences count. */
  readonly score: number;
}

/** One panorama of a sequence, in its order. */
export interface Frame {
  /** Best first; empty where it failed. */
  readonly candidates: readonly FrameCandidate[];
  /** Where the camera looked, where that is known. */
  readonly headingDeg?: number | undefined;
  /** From the panorama before it. */
  readonly distanceM?: number | undefined;
  readonly seconds?: number | undefined;
  /** When it was taken; counts where `seconds` are not known. */
  readonly moment?: Moment | undefined;
}

export interface TrackPoint extends LonLat {
  /** That the camera stood within 25 m of it. */
  readonly probability: number;
  /** Number of the candidate, from 0. */
  readonly candidate: number;
}

export interface Track {
  /** One a frame; undefined where it failed, or stood at none of its candidates. */
  readonly points: readonly (TrackPoint | undefined)[];
  readonly verdict: Verdict;
  /** Mean of the points' probabilities; those without one count 0, failed ones do not count. */
  readonly probability: number;
  /** Direction of travel minus heading, where they are tied; degrees. */
  readonly travelMinusHeadingDeg: number | undefined;
}

const NEAR_M = 25;
/** Scores are told apart as exp(score / TEMPERATURE). */
const TEMPERATURE = 0.03;
/** That none of the candidates is right. */
const ELSEWHERE = 0.1;
const TIED_ANGLES = 24;
/** Of directions about the tied one: half of them within 20 degrees, a tenth anywhere. */
const CONCENTRATION = 4;
const UNTIED_SHARE = 0.1;
/** Directions of shorter steps say nothing. */
const LEAST_STEP_M = 3;
const LOCATED = 0.8;
const AMBIGUOUS = 0.4;

export function trackOf(frames: readonly Frame[]): Track {
  const seen = [...frames.entries()].filter(([, { candidates }]) => candidates.length > 0);
  const kept = seen.map(([, frame]) => frame);
  const steps = seen.slice(1).map(([to], k) => stepBetween(frames, seen[k]?.[0] ?? 0, to));
  const extentM = extentOf(kept);
  const emissions = kept.map(emissionsOf);
  const decodeTied = (angleDeg: number | undefined) =>
    decodeChain({ emissions, transition: transitionsOf(kept, steps, extentM, angleDeg) });
  let best = { decoded: decodeTied(undefined), angleDeg: undefined as number | undefined };
  let most = best.decoded.logEvidence;
  if (kept.some(({ headingDeg }) => headingDeg !== undefined)) {
    for (let k = 0; k < TIED_ANGLES; k++) {
      const angleDeg = (360 * k) / TIED_ANGLES;
      const decoded = decodeTied(angleDeg);
      // Each angle is one of many that might have been.
      const evidence = decoded.logEvidence - Math.log(TIED_ANGLES);
      if (evidence > most) {
        most = evidence;
        best = { decoded, angleDeg };
      }
    }
  }
  const points: (TrackPoint | undefined)[] = frames.map(() => undefined);
  for (const [k, [number, frame]] of seen.entries()) points[number] = pointOf(frame, best.decoded, k);
  const sum = points.reduce((total, point) => total + (point?.probability ?? 0), 0);
  const probability = seen.length > 0 ? sum / seen.length : 0;
  return {
    points,
    verdict: verdictOf(seen.length, probability),
    probability,
    travelMinusHeadingDeg: best.angleDeg,
  };
}

function stepBetween(frames: readonly Frame[], from: number, to: number): Step {
  const between = frames.slice(from + 1, to + 1);
  const sumOf = (values: readonly (number | undefined)[]) =>
    values.reduce((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
  return {
    distanceM: sumOf(between.map(({ distanceM: metres }) => metres)),
    seconds:
      sumOf(between.map(({ seconds }) => seconds)) ??
      secondsBetween(frames[from]?.moment, frames[to]?.moment),
    frames: to - from,
  };
}

/** The last state is that none of them is right. */
function emissionsOf({ candidates }: Frame): number[] {
  const most = Math.max(...candidates.map(({ score }) => score));
  const weights = candidates.map(({ score }) => Math.exp((score - most) / TEMPERATURE));
  const sum = weights.reduce((a, b) => a + b, 0);
  return [...weights.map((weight) => Math.log(((1 - ELSEWHERE) * weight) / sum)), Math.log(ELSEWHERE)];
}

function transitionsOf(
  frames: readonly Frame[],
  steps: readonly Step[],
  extentM: number,
  angleDeg: number | undefined,
): (k: number, from: number, to: number) => number {
  const tables = steps.map((step, k) => {
    const [before, after] = [frames[k]?.candidates ?? [], frames[k + 1]?.candidates ?? []];
    const headingDeg = frames[k]?.headingDeg;
    return before.map((here) =>
      after.map((there) => {
        const length = stepLogDensity(step, distanceM(here, there), extentM);
        return length + tieOf(here, there, headingDeg, angleDeg);
      }),
    );
  });
  // From or to nowhere in particular, any length is as likely as another.
  const anywhere = -Math.log(Math.max(1, extentM));
  return (k, from, to) => tables[k]?.[from]?.[to] ?? anywhere;
}

/** How much likelier a direction is than any: von Mises about the tied one, mixed with all. */
function tieOf(
  here: LonLat,
  there: LonLat,
  headingDeg: number | undefined,
  angleDeg: number | undefined,
): number {
  if (headingDeg === undefined || angleDeg === undefined) return 0;
  const { eastM, northM } = localOffsetM(here, there);
  if (Math.hypot(eastM, northM) < LEAST_STEP_M) return 0;
  const travelDeg = (Math.atan2(eastM, northM) * 180) / Math.PI;
  const off = (turnBetweenDeg(headingDeg + angleDeg, travelDeg) * Math.PI) / 180;
  const tied = Math.exp(CONCENTRATION * Math.cos(off)) / BESSEL_OF_CONCENTRATION;
  return Math.log(UNTIED_SHARE + (1 - UNTIED_SHARE) * tied);
}

/** I0(4), of the modified Bessel function of the first kind (Abramowitz and Stegun, table 9.8: e^-4 I0(4) = 0.2070019). */
const BESSEL_OF_CONCENTRATION = 0.2070019 * Math.exp(4);

function pointOf({ candidates }: Frame, { path, posteriors }: Decoded, k: number): TrackPoint | undefined {
  const candidate = path[k] ?? -1;
  const place = candidates[candidate];
  if (!place) return undefined;
  const posterior = posteriors[k] ?? new Float64Array();
  const probability = candidates.reduce(
    (sum, other, s) => (distanceM(place, other) <= NEAR_M ? sum + (posterior[s] ?? 0) : sum),
    0,
  );
  return { lon: place.lon, lat: place.lat, probability: Math.min(1, probability), candidate };
}

/** Candidates that lie together say nothing about how large the region is. */
const LEAST_EXTENT_M = 100;

/** Metres across all candidates. */
function extentOf(frames: readonly Frame[]): number {
  const [first, ...others] = frames.flatMap(({ candidates }) => candidates);
  if (!first) return LEAST_EXTENT_M;
  return others.reduce((most, place) => Math.max(most, distanceM(first, place)), LEAST_EXTENT_M);
}

function verdictOf(frames: number, probability: number): Verdict {
  if (frames === 0) return 'unusable image';
  if (probability >= LOCATED) return 'located';
  return probability >= AMBIGUOUS ? 'ambiguous' : 'not in this region';
}
