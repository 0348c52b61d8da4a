// Perspective photos: a pinhole camera, whose pixels are a plane. No lens distortion: phones and cameras take it out.
import { SkyfixError } from '../errors/index.js';
import { cameraAxes } from './rotation.js';
import type { CameraModel, CameraPose, PinholeCamera } from './types.js';

/** Over it a plane picture is stretched beyond any use; degrees. */
export const WIDEST_PERSPECTIVE_DEG = 170;

const RADIANS = Math.PI / 180;

/** True for a pinhole camera, false for a part of the sphere. */
export function isPinhole(model: CameraModel): model is PinholeCamera {
  return 'focalPx' in model;
}

/**
 * The camera whose image of this size covers `fovDeg` from edge to edge, across or from top to bottom; centred. Throws
 * PARAMETER_INVALID.
 */
export function pinholeOfFov(
  widthPx: number,
  heightPx: number,
  fovDeg: number,
  along: 'across' | 'down' = 'across',
): PinholeCamera {
  if (!(fovDeg > 0 && fovDeg <= WIDEST_PERSPECTIVE_DEG)) {
    const name = along === 'across' ? 'horizontalFovDeg' : 'verticalFovDeg';
    const what = `${name} is ${fovDeg}; of a perspective photo it must be over 0 and at most ${WIDEST_PERSPECTIVE_DEG}.`;
    throw new SkyfixError('PARAMETER_INVALID', what);
  }
  const sidePx = along === 'across' ? widthPx : heightPx;
  return pinholeOfFocal(widthPx, heightPx, sidePx / 2 / Math.tan((fovDeg * RADIANS) / 2));
}

/** The camera of this focal length in pixels; the middle of the image lies on its axis. */
export function pinholeOfFocal(widthPx: number, heightPx: number, focalPx: number): PinholeCamera {
  return { widthPx, heightPx, focalPx, centreXPx: widthPx / 2, centreYPx: heightPx / 2 };
}

/** What its image covers, degrees from edge to edge through the middle. */
export function fieldOfViewOf({ widthPx, heightPx, focalPx }: PinholeCamera): {
  across: number;
  down: number;
} {
  const angle = (sidePx: number) => (2 * Math.atan(sidePx / 2 / focalPx)) / RADIANS;
  return { across: angle(widthPx), down: angle(heightPx) };
}

/** The same camera, its image shrunk or enlarged to other sides. */
export function scaledPinhole(camera: PinholeCamera, widthPx: number, heightPx: number): PinholeCamera {
  const [x, y] = [widthPx / camera.widthPx, heightPx / camera.heightPx];
  return {
    widthPx,
    heightPx,
    focalPx: camera.focalPx * x,
    centreXPx: camera.centreXPx * x,
    centreYPx: camera.centreYPx * y,
  };
}

/**
 * Where a photo shows a ground point `eastM`, `northM` away from the camera: edge coordinates (pixel centres at +1/2), which
 * may lie outside of the image; undefined for what is not before the camera.
 *
 * u = cx + f x / y, v = cy - f z / y, where x, y, z are the point's coordinates along the camera's axes right, forward, up.
 */
export function photoPointOfGround(
  eastM: number,
  northM: number,
  cameraHeightM: number,
  { focalPx, centreXPx, centreYPx }: PinholeCamera,
  pose: CameraPose,
): { u: number; v: number } | undefined {
  const { right, forward, up } = cameraAxes(pose);
  const along = (axis: readonly [number, number, number]) =>
    axis[0] * eastM + axis[1] * northM - axis[2] * cameraHeightM;
  const depth = along(forward);
  if (depth <= 0) return undefined;
  return {
    u: centreXPx + (focalPx * along(right)) / depth,
    v: centreYPx - (focalPx * along(up)) / depth,
  };
}

/** How high above the horizon the lowest corner of the image looks, degrees; a photo whose corners all look up sees no ground. */
export function lowestCornerDeg(camera: PinholeCamera, pose: CameraPose): number {
  const { widthPx, heightPx, focalPx, centreXPx, centreYPx } = camera;
  const { right, forward, up } = cameraAxes(pose);
  const elevations = [0, widthPx].flatMap((u) =>
    [0, heightPx].map((v) => {
      const [x, z] = [u - centreXPx, centreYPx - v];
      const rise = x * right[2] + focalPx * forward[2] + z * up[2];
      return Math.asin(rise / Math.hypot(x, focalPx, z)) / RADIANS;
    }),
  );
  return Math.min(...elevations);
}

/** Throws PARAMETER_INVALID unless sizes and focal length are positive and the middle is a number. */
export function checkPinhole(camera: PinholeCamera): void {
  const { widthPx, heightPx, focalPx, centreXPx, centreYPx } = camera;
  const positive = [widthPx, heightPx, focalPx].every((n) => Number.isFinite(n) && n > 0);
  if (positive && Number.isFinite(centreXPx) && Number.isFinite(centreYPx)) return;
  throw new SkyfixError('PARAMETER_INVALID', `The camera ${JSON.stringify(camera)} is impossible.`);
}
