// Sky, clouds and the hills on the horizon.

import { bilinear } from 'skyfix/geometry';
import { hash3 } from 'skyfix/random';

/** The air of a panorama: sun, clouds and the camera's exposure. */
export interface Atmosphere {
  readonly sunAzimuthDeg: number;
  /** 0 overcast … 1 clear. */
  readonly clear: number;
  readonly gain: readonly [number, number, number];
  readonly autumn: boolean;
  /** Standard deviation of pixel noise, grey levels. */
  readonly noise: number;
  readonly seed: number;
}

/** Fills the rows of column u above `bottom` that nothing hides yet; `put` writes the colour in `rgb`. */
export function fillSky(
  filled: Uint8Array,
  bottom: number,
  u: number,
  azimuth: number,
  tans: Float64Array,
  air: Atmosphere,
  rgb: Float64Array,
  put: (v: number, u: number, distance: number) => void,
): void {
  const hills =
    0.022 + 0.012 * Math.sin(azimuth * 3 + air.seed) + 0.008 * Math.sin(azimuth * 7 + air.seed * 2);
  for (let v = 0; v < bottom; v++) {
    if (filled[v] === 1) continue;
    const t = tans[v] as number;
    if (t < hills) {
      rgb[0] = 112;
      rgb[1] = 120;
      rgb[2] = 104;
      put(v, u, 330);
      continue;
    }
    const up = Math.atan(t) / (Math.PI / 2);
    const px = Math.sin(azimuth) / (t + 0.12);
    const py = Math.cos(azimuth) / (t + 0.12);
    const cloud = Math.min(
      1,
      Math.max(0, cloudNoise(px * 1.1 + air.seed, py * 1.1) * 1.9 - 0.75 * air.clear),
    );
    const blue = Math.sqrt(up);
    rgb[0] = (206 - 106 * blue) * (1 - cloud) + 216 * cloud;
    rgb[1] = (218 - 68 * blue) * (1 - cloud) + 219 * cloud;
    rgb[2] = (228 - 12 * blue) * (1 - cloud) + 224 * cloud;
    put(v, u, 0);
  }
}

function cloudNoise(x: number, y: number): number {
  let total = 0;
  let weight = 0.55;
  for (let octave = 0; octave < 3; octave++) {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const at = (east: number, north: number): number => hash3(ix + east, iy + north, octave);
    total += weight * bilinear(at(0, 0), at(1, 0), at(0, 1), at(1, 1), x - ix, y - iy);
    weight *= 0.5;
    x *= 2.1;
    y *= 2.1;
  }
  return total;
}
