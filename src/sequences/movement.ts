// How far a camera goes from one panorama to the next.

/** What is known of the way between two panoramas. */
export interface Step {
  /** Metres along the way. */
  readonly distanceM?: number | undefined;
  readonly seconds?: number | undefined;
  /** Panoramas further on in the list: more than 1 where those between failed. */
  readonly frames: number;
}

/** A way is longer than the line between its ends, and distances are measured badly. */
const DISTANCE_SPREAD = 0.25;
const LEAST_SPREAD_M = 6;
/** Walking to driving in a town: half of a bell over the speed. */
const SPEED_SPREAD_M_S = 12;
/** Where nothing is known: panoramas follow each other within tens of metres, rarely hundreds. */
const STEP_SCALE_M = 40;
/** Recordings pause, and go on somewhere else. */
const JUMP_SHARE = 0.01;

/** Log-density of a step of `lengthM` metres in a line, in a region that is `extentM` metres across. */
export function stepLogDensity(
  { distanceM, seconds, frames }: Step,
  lengthM: number,
  extentM: number,
): number {
  const jump = JUMP_SHARE / Math.max(1, extentM);
  return Math.log((1 - JUMP_SHARE) * density(lengthM, distanceM, seconds, frames) + jump);
}

function density(
  lengthM: number,
  distanceM: number | undefined,
  seconds: number | undefined,
  frames: number,
): number {
  if (distanceM !== undefined) {
    const spread = Math.max(LEAST_SPREAD_M, DISTANCE_SPREAD * distanceM);
    return normal((lengthM - distanceM) / spread) / spread;
  }
  if (seconds !== undefined) {
    const spread = Math.max(LEAST_SPREAD_M, SPEED_SPREAD_M_S * seconds);
    return (2 * normal(lengthM / spread)) / spread;
  }
  const scale = STEP_SCALE_M * frames;
  return Math.exp(-lengthM / scale) / scale;
}

const normal = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
