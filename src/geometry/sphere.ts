// Which part of the sphere an image shows.
import { SkyfixError } from '../errors/index.js';
import type { CameraPose, SphereWindow } from './types.js';

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
 * The window of an image whose rows cover `verticalFovDeg`, centred on the horizon, and whose columns cover
 * `horizontalFovDeg` about the heading (CVUSA: 1232x224, 65.45 degrees, full circle).
 * Throws PARAMETER_INVALID for angles outside (0, 180] and (0, 360].
 */
export function sphereWindowFromVerticalFov(
  widthPx: number,
  heightPx: number,
  verticalFovDeg: number,
  horizontalFovDeg = 360,
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
  const fullWidthPx = (widthPx * 360) / horizontalFovDeg;
  const fullHeightPx = (heightPx * 180) / verticalFovDeg;
  return checkedWindow({
    fullWidthPx,
    fullHeightPx,
    leftPx: (fullWidthPx - widthPx) / 2,
    topPx: (fullHeightPx - heightPx) / 2,
    widthPx,
    heightPx,
  });
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
