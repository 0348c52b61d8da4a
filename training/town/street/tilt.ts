// Turns a level panorama into the one a tilted camera takes.
import { bilinear, cameraAxes } from 'skyfix/geometry';

/** Resamples a level panorama, [width / 2, width, 3], for a camera of this pitch and roll that looks the same way. */
export function tilt(level: Uint8Array, width: number, pitchDeg: number, rollDeg: number): Uint8Array {
  const rows = width / 2;
  const out = new Uint8Array(level.length);
  const { right, forward, up } = cameraAxes({ headingDeg: 0, pitchDeg, rollDeg });
  for (let v = 0; v < rows; v++) {
    const elevation = Math.PI * (0.5 - (v + 0.5) / rows);
    const ce = Math.cos(elevation);
    const z = Math.sin(elevation);
    for (let u = 0; u < width; u++) {
      const azimuth = ((u + 0.5) / width - 0.5) * 2 * Math.PI;
      const x = Math.sin(azimuth) * ce;
      const y = Math.cos(azimuth) * ce;
      const east = x * right[0] + y * forward[0] + z * up[0];
      const north = x * right[1] + y * forward[1] + z * up[1];
      const high = x * right[2] + y * forward[2] + z * up[2];
      const gu = width * (0.5 + Math.atan2(east, north) / (2 * Math.PI)) - 0.5;
      const gv = rows * (0.5 - Math.asin(Math.min(1, Math.max(-1, high))) / Math.PI) - 0.5;
      const inside = Math.min(Math.max(gv, 0), rows - 1);
      const iu = Math.floor(gu);
      const iv = Math.min(Math.floor(inside), rows - 2);
      const left = (iv * width + ((iu + width) % width)) * 3;
      const beside = (iv * width + ((iu + 1 + width) % width)) * 3;
      for (let c = 0; c < 3; c++) {
        const at = (corner: number) => level[corner + c] as number;
        const below = width * 3;
        out[(v * width + u) * 3 + c] =
          bilinear(at(left), at(beside), at(left + below), at(beside + below), gu - iu, inside - iv) + 0.5;
      }
    }
  }
  return out;
}
