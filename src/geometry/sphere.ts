// Which part of the sphere an image shows.
import { SkyfixError } from '../errors/index.js';
import type { CameraPose, FieldOfView, SphereWindow } from './types.js';

/** A levelled camera that looks north. */
export const LEVEL_NORTH: CameraPose = { headingDeg: 0, pitchDeg: 0, rollDeg: 0 };

/** The window of a complete equirectangular panorama. Throws PARAMETER_INVALID for sizes that are not positive. */
export function fullSphere(widthPx: number, heightPx: number): SphereWindow {
  return checkedWindow({
    fullWidthPx: widthPx,
    fullHeightPx: heightPx,
    leftPx: 0,
    topPx: 0,
    widthPx,
    heightPx,
  });
}

/**
 * The window of an image whose rows cover `verticalFovDeg`, `horizonShare` of them above the horizon, and whose columns
 * cover `horizontalFovDeg` about the heading (CVUSA: 1232x224, 65.45 degrees, horizon at 0.585, full circle).
 * Throws PARAMETER_INVALID for angles outside (0, 180] and (0, 360], and for a horizon that leaves rows beyond zenith or nadir.
 */
export function sphereWindowFromVerticalFov(
  widthPx: number,
  heightPx: number,
  verticalFovDeg: number,
  horizontalFovDeg = 360,
  horizonShare = 0.5,
): SphereWindow {
  if (!(verticalFovDeg > 0 && verticalFovDeg <= 180)) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `verticalFovDeg is ${verticalFovDeg}; it must be over 0 and at most 180.`,
    );
  }
  if (!(horizontalFovDeg > 0 && horizontalFovDeg <= 360)) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `horizontalFovDeg is ${horizontalFovDeg}; it must be over 0 and at most 360.`,
    );
  }
  const fov = { verticalDeg: verticalFovDeg, horizontalDeg: horizontalFovDeg, horizonShare };
  return sphereWindowOf(widthPx, heightPx, fov);
}

/** The window of an image with this field of view. Throws PARAMETER_INVALID where fieldOfViewFault finds something. */
export function sphereWindowOf(widthPx: number, heightPx: number, fov: FieldOfView): SphereWindow {
  const fault = fieldOfViewFault(fov);
  if (fault) throw new SkyfixError('PARAMETER_INVALID', `The field of view's ${fault}.`);
  const { horizontalDeg = 360, verticalDeg, horizonShare = 0.5 } = fov;
  const fullWidthPx = (widthPx * 360) / horizontalDeg;
  const fullHeightPx = (heightPx * 180) / verticalDeg;
  return checkedWindow({
    fullWidthPx,
    fullHeightPx,
    leftPx: (fullWidthPx - widthPx) / 2,
    topPx: fullHeightPx / 2 - horizonShare * heightPx,
    widthPx,
    heightPx,
  });
}

/** Rounding of angles that a person wrote, degrees. */
const ANGLE_TOLERANCE_DEG = 1e-6;

/** The first value of a field of view that is out of range, with the range; or undefined. */
export function fieldOfViewFault(fov: FieldOfView): string | undefined {
  const { horizontalDeg = 360, verticalDeg, horizonShare = 0.5 } = fov;
  if (!(horizontalDeg > 0 && horizontalDeg <= 360)) {
    return `horizontalDeg is ${horizontalDeg}; it must be over 0 and at most 360`;
  }
  if (!(verticalDeg > 0 && verticalDeg <= 180)) {
    return `verticalDeg is ${verticalDeg}; it must be over 0 and at most 180`;
  }
  const [topDeg, bottomDeg] = [horizonShare * verticalDeg, (horizonShare - 1) * verticalDeg];
  if (topDeg <= 90 + ANGLE_TOLERANCE_DEG && bottomDeg >= -90 - ANGLE_TOLERANCE_DEG) return undefined;
  const rows = `its rows reach from ${bottomDeg} to ${topDeg} degrees`;
  return `horizonShare is ${horizonShare}, but with verticalDeg ${verticalDeg} ${rows}; -90 to 90 is all there is`;
}

/** True where the window's columns go all the way round, so that the seam can be wrapped. */
export function isFullCircle(window: SphereWindow): boolean {
  return window.widthPx >= window.fullWidthPx - 0.5;
}

/** Throws PARAMETER_INVALID unless all sizes are positive and all offsets are numbers. */
export function checkedWindow(window: SphereWindow): SphereWindow {
  const sizes = [window.fullWidthPx, window.fullHeightPx, window.widthPx, window.heightPx];
  const ok =
    sizes.every((n) => Number.isFinite(n) && n > 0) &&
    Number.isFinite(window.leftPx) &&
    Number.isFinite(window.topPx);
  if (!ok) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `The panorama window ${JSON.stringify(window)} is impossible.`,
    );
  }
  return window;
}
