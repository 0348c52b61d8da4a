// How high the skyline of a panorama stands over the horizon.
import type { RgbImage, SphereWindow } from 'skyfix/geometry';
import { luminanceOf } from './tile-statistics.js';

/** An edge between sky and what stands before it, grey levels over three rows. */
const EDGE = 26;

/** Mean elevation of the highest edge of each column, degrees; columns that are sky down to the horizon count 0. */
export function skylineDeg({ data, widthPx, heightPx }: RgbImage, window: SphereWindow): number {
  const degPerRow = 180 / window.fullHeightPx;
  const topDeg = 90 - window.topPx * degPerRow;
  const scale = window.heightPx / heightPx;
  const rowDeg = (v: number): number => topDeg - (v + 0.5) * scale * degPerRow;
  const at = (u: number, v: number): number => {
    const k = (v * widthPx + u) * 3;
    return luminanceOf(data[k] as number, data[k + 1] as number, data[k + 2] as number);
  };
  let sum = 0;
  for (let u = 0; u < widthPx; u++) {
    let v = 2;
    while (v + 1 < heightPx && rowDeg(v) > 0 && at(u, v - 2) - at(u, v + 1) < EDGE) v++;
    sum += Math.max(0, rowDeg(v));
  }
  return sum / widthPx;
}
