// What may be wrong with a query, for robustness tests: a camera height or heading that is not the true one, ground that slopes,
// a camera that leans, people and cars in the way, ground that was not taken. Each change is done to what a BEV is made of;
// nothing tells the projection of it.
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
  | { readonly kind: 'occlusion' /** Percent. */; readonly amount: number }
  | { readonly kind: 'heading' | 'tilt' | 'hole' | 'strip' /** Degrees. */; readonly amount: number };

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

/** The projection is told a heading that is so many degrees too high. */
export function withHeadingError(input: BevInput, degrees: number): BevInput {
  const { pose } = input;
  return { ...input, pose: { ...pose, headingDeg: (((pose.headingDeg + degrees) % 360) + 360) % 360 } };
}

/** Only the rows between two elevations were taken, degrees above the horizon (rows taken as levelled). Throws RangeError. */
export function withRowsBetween(input: BevInput, lowestDeg: number, highestDeg: number): BevInput {
  const { image, window } = input;
  const rowOf = (elevationDeg: number): number => {
    const row = ((90 - elevationDeg) / 180) * window.fullHeightPx - window.topPx;
    return Math.min(window.heightPx, Math.max(0, Math.round(row)));
  };
  const [top, bottom] = [rowOf(highestDeg), rowOf(lowestDeg)];
  if (bottom <= top)
    throw new RangeError(`The panorama has no row from ${lowestDeg} to ${highestDeg} degrees.`);
  const heightPx = bottom - top;
  const bytes = image.widthPx * 3;
  return {
    ...input,
    image: { ...image, heightPx, data: image.data.slice(top * bytes, bottom * bytes) },
    window: { ...window, topPx: window.topPx + top, heightPx },
  };
}

/** The heading is off by as much to either side. */
function headingError(degrees: number): Perturbation {
  const apply: Perturbation['apply'] = (input, rng) =>
    withHeadingError(input, rng.chance(0.5) ? degrees : -degrees);
  return { name: `heading ±${degrees}°`, apply };
}

/** The camera leans towards another side for each query, and nothing says so. */
function cameraTilt(degrees: number): Perturbation {
  // Seen from the camera, a lean is the slope of everything else.
  return { name: `tilt ${degrees}°`, apply: (input, rng) => withSlope(input, degrees, rng.range(0, 360)) };
}

/** What lies steeper below the camera than so many degrees from its nadir was not taken. */
function hole(degrees: number): Perturbation {
  return { name: `hole ${degrees}°`, apply: (input) => withRowsBetween(input, degrees - 90, 90) };
}

/** Only so many degrees around the horizon were taken. */
function strip(degrees: number): Perturbation {
  return { name: `strip ${degrees}°`, apply: (input) => withRowsBetween(input, -degrees / 2, degrees / 2) };
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

/**
 * The changes that a report shows: the paper's (height off by 5 to 20 %, slopes, occlusion), and what photos in use
 * suffer from.
 */
export const PERTURBATIONS: readonly Perturbation[] = [
  ...[-30, -20, -15, -10, -5, 5, 10, 15, 20, 30].map(cameraHeight),
  ...[2, 5, 10].map(slope),
  ...[10, 20, 30].map(occlusion),
  ...[5, 10].map(headingError),
  cameraTilt(3),
  hole(45),
  ...[90, 65].map(strip),
];

/** What a perturbation's name says; undefined for other names. */
export function parseChange(name: string): Change | undefined {
  const match =
    /^(?:(camera height|occlusion) ([+-]?\d+(?:\.\d+)?) %|(slope|heading|tilt|hole|strip) ±?(\d+(?:\.\d+)?)°)$/.exec(
      name,
    );
  if (!match) return undefined;
  return { kind: (match[1] ?? match[3]) as Change['kind'], amount: Number(match[2] ?? match[4]) };
}
