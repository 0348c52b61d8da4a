// What an image probably covers, by its shape and by what was asked; the server, which reads its metadata, may know better.
import type { Question } from '../api/types.js';

/** What an equirectangular image covers. */
export interface Coverage {
  readonly widthDeg: number;
  /** Elevations of its upper and lower edge. */
  readonly topDeg: number;
  readonly bottomDeg: number;
}

/** Wider than 2.4:1 is a strip of a panorama, 2:1 the full sphere: the server's own rule. */
const STRIP_RATIO = 2.4;
const SPHERE_RATIOS: readonly [number, number] = [1.97, 2.03];

/** Undefined for a plain photo, which is shown as it is. */
export function coverageOf(widthPx: number, heightPx: number, question: Question): Coverage | undefined {
  const ratio = widthPx / heightPx;
  const { verticalFovDeg, horizonShare, horizontalFovDeg } = question;
  const widthDeg = horizontalFovDeg ?? 360;
  if (verticalFovDeg !== undefined || horizonShare !== undefined) {
    const high = verticalFovDeg ?? Math.min(180, widthDeg / ratio);
    const share = horizonShare ?? 0.5;
    return { widthDeg, topDeg: high * share, bottomDeg: high * (share - 1) };
  }
  if (ratio >= SPHERE_RATIOS[0] && ratio <= SPHERE_RATIOS[1])
    return { widthDeg: 360, topDeg: 90, bottomDeg: -90 };
  if (ratio < STRIP_RATIO) return undefined;
  const half = Math.min(90, widthDeg / ratio / 2);
  return { widthDeg, topDeg: half, bottomDeg: -half };
}
