// What may be wrong with a query, for robustness tests: a camera height that is not the configured one, ground that
// slopes, people and cars in the way. Each change is done to what a BEV is made of; nothing tells the projection of it.
import {
  type BevGeometry,
  type CameraPose,
  cameraAxes,
  poseOfAxes,
  type RgbImage,
  type SphereWindow,
  type Vector,
} from 'skyfix/geometry';
import type { Rng } from 'skyfix/random';
import { occlude } from './occlusion.js';

/** The arguments of `projectBev`. */
export interface BevInput {
  readonly image: RgbImage;
  readonly window: SphereWindow;
  readonly pose: CameraPose;
  readonly bev: BevGeometry;
}

export interface Perturbation {
  /** As it stands in results, e.g. "camera height +10 %". */
  readonly name: string;
  apply(input: BevInput, rng: Rng): BevInput;
}

export type Change =
  | { readonly kind: 'camera height' /** Percent. */; readonly amount: number }
  | { readonly kind: 'slope' /** Degrees. */; readonly amount: number }
  | { readonly kind: 'occlusion' /** Percent. */; readonly amount: number };

const RADIANS = Math.PI / 180;

/**
 * The camera stands at 1/factor of the height that the projection is told: what is a metre away is drawn factor metres
 * away, in the same direction. Throws RangeError unless factor > 0.
 */
export function withCameraHeight(input: BevInput, factor: number): BevInput {
  if (!(factor > 0)) throw new RangeError(`The height factor is ${factor}; it must be over 0.`);
  return { ...input, bev: { ...input.bev, cameraHeightM: input.bev.cameraHeightM * factor } };
}

/**
 * The ground, with all that stands on it, rises by slopeDeg towards uphillDeg (azimuth), the camera stays as it was: a
 * ground point is seen where the flat one would be after a turn T about the horizontal axis across the slope. The
 * projection then looks in direction d and finds what the flat panorama shows at T⁻¹d: its pose becomes T · pose.
 */
export function withSlope(input: BevInput, slopeDeg: number, uphillDeg: number): BevInput {
  const [sin, cos] = [Math.sin(slopeDeg * RADIANS), Math.cos(slopeDeg * RADIANS)];
  const [east, north] = [Math.sin(uphillDeg * RADIANS), Math.cos(uphillDeg * RADIANS)];
  const tilt = ([x, y, z]: Vector): Vector => {
    const ahead = x * east + y * north;
    const turned = ahead * cos - z * sin - ahead;
    return [x + turned * east, y + turned * north, ahead * sin + z * cos];
  };
  const { right, forward, up } = cameraAxes(input.pose);
  return { ...input, pose: poseOfAxes(tilt(right), tilt(forward), tilt(up)) };
}

/** People and cars around the camera hide `share` (0 to 0.5) of the ground that the panorama shows. See `occlude`. */
export function withOcclusion(input: BevInput, share: number, rng: Rng): BevInput {
  return { ...input, image: occlude(input.image, input.window, input.bev.cameraHeightM, share, rng) };
}

function cameraHeight(percent: number): Perturbation {
  const name = `camera height ${percent > 0 ? '+' : '-'}${Math.abs(percent)} %`;
  return { name, apply: (input) => withCameraHeight(input, 1 + percent / 100) };
}

/** Uphill is another way for each query. */
function slope(degrees: number): Perturbation {
  return { name: `slope ${degrees}°`, apply: (input, rng) => withSlope(input, degrees, rng.range(0, 360)) };
}

function occlusion(percent: number): Perturbation {
  return { name: `occlusion ${percent} %`, apply: (input, rng) => withOcclusion(input, percent / 100, rng) };
}

/** The changes that a report shows (the paper's: height off by 5 to 20 %, slopes, occlusion). */
export const PERTURBATIONS: readonly Perturbation[] = [
  ...[-20, -15, -10, -5, 5, 10, 15, 20].map(cameraHeight),
  ...[2, 5, 10].map(slope),
  ...[10, 20, 30].map(occlusion),
];

/** What a perturbation's name says; undefined for other names. */
export function parseChange(name: string): Change | undefined {
  const match = /^(?:(camera height|occlusion) ([+-]?\d+(?:\.\d+)?) %|(slope) (\d+(?:\.\d+)?)°)$/.exec(name);
  if (!match) return undefined;
  return { kind: (match[1] ?? match[3]) as Change['kind'], amount: Number(match[2] ?? match[4]) };
}
