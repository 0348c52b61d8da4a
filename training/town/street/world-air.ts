// The air over a world's streets: sky, clouds, haze and the horizon behind everything.
import { bilinear } from 'skyfix/geometry';
import { hash3 } from 'skyfix/random';
import type { Illumination } from '../scene/lit-world.js';

type Rgb = readonly [number, number, number];

/** The air of one panorama. */
export interface WorldAir {
  readonly sunAzimuthDeg: number;
  readonly sunElevationDeg: number;
  readonly light: Illumination;
  /** Colour of the sky overhead and at the horizon. */
  readonly zenith: Rgb;
  readonly horizon: Rgb;
  /** Share of the sky under clouds, 0..1, and how bright they are. */
  readonly clouds: number;
  readonly cloudRgb: Rgb;
  /** Distance at which half of a colour is air, metres. */
  readonly visibilityM: number;
  /** How high what lies beyond the world stands over the horizon, degrees, and its colour. */
  readonly backdropDeg: number;
  readonly backdropRgb: Rgb;
  readonly seed: number;
}

/** Fills what is left of column u above `bottom`. */
export function fillWorldSky(
  filled: Uint8Array,
  bottom: number,
  u: number,
  azimuth: number,
  tans: Float64Array,
  air: WorldAir,
  rgb: Float64Array,
  put: (v: number, u: number, distance: number) => void,
): void {
  const shift = air.seed % 1000;
  const ridge =
    0.45 +
    0.3 * wave(azimuth * 3, shift) +
    0.16 * wave(azimuth * 11, shift * 2) +
    0.12 * hash3(Math.floor(azimuth * 160), shift, 3);
  const hills = Math.tan((air.backdropDeg * Math.PI) / 180) * ridge;
  const sunAz = (air.sunAzimuthDeg * Math.PI) / 180;
  const sunEl = (air.sunElevationDeg * Math.PI) / 180;
  for (let v = 0; v < bottom; v++) {
    if (filled[v] === 1) continue;
    const t = tans[v] as number;
    if (t < hills) {
      const rough = 0.8 + 0.4 * hash3(u >> 1, v >> 1, shift);
      for (let c = 0; c < 3; c++) rgb[c] = (air.backdropRgb[c] as number) * rough;
      put(v, u, air.visibilityM * 0.4);
      continue;
    }
    const elevation = Math.atan(t);
    const up = Math.sqrt(Math.max(elevation, 0) / (Math.PI / 2));
    const x = Math.sin(azimuth) / (t + 0.1);
    const y = Math.cos(azimuth) / (t + 0.1);
    const noise = cloudNoise(x * 1.3 + shift, y * 1.3 + shift * 0.7);
    const cloud =
      Math.min(Math.max((noise - 0.72 * (1 - air.clouds) - 0.06) * 3.2, 0), 1) *
      Math.min(1, 0.4 + air.clouds);
    const away =
      Math.sin(elevation) * Math.sin(sunEl) +
      Math.cos(elevation) * Math.cos(sunEl) * Math.cos(azimuth - sunAz);
    const glow = (1 - air.clouds) * (90 * Math.max(0, away) ** 24 + 300 * Math.max(0, away) ** 900);
    const density = 0.84 + 0.3 * (cloudNoise(x * 2.7 + 9, y * 2.7 + shift) - 0.4);
    for (let c = 0; c < 3; c++) {
      const blue = (air.horizon[c] as number) * (1 - up) + (air.zenith[c] as number) * up;
      rgb[c] = blue * (1 - cloud) + (air.cloudRgb[c] as number) * density * cloud + glow;
    }
    put(v, u, 0);
  }
}

const wave = (angle: number, phase: number): number => Math.sin(angle + phase);

/** Three octaves of value noise, about 0..1. */
function cloudNoise(x: number, y: number): number {
  let total = 0;
  let weight = 0.55;
  for (let octave = 0; octave < 3; octave++) {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const at = (east: number, north: number): number => hash3(ix + east, iy + north, octave + 40);
    total += weight * bilinear(at(0, 0), at(1, 0), at(0, 1), at(1, 1), smooth(x - ix), smooth(y - iy));
    weight *= 0.5;
    x *= 2.1;
    y *= 2.1;
  }
  return total;
}

const smooth = (t: number): number => t * t * (3 - 2 * t);
