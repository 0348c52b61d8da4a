// The air over a world's streets: sky, clouds, haze and the horizon behind everything.
import { hash3 } from 'skyfix/random';
import type { Illumination } from '../scene/lit-world.js';
import { noiseInPlane } from '../scene/noise-table.js';

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

/** What the sky needs of each row, made once a picture. */
export interface SkyRows {
  readonly up: Float64Array;
  readonly sin: Float64Array;
  readonly cos: Float64Array;
  /** Distance to the layer of the clouds. */
  readonly reach: Float64Array;
}

/** [rows] of a sphere. */
export function skyRows(rows: number): SkyRows {
  const elevations = Float64Array.from({ length: rows }, (_, v) => Math.PI * (0.5 - (v + 0.5) / rows));
  return {
    up: elevations.map((elevation) => Math.sqrt(Math.max(elevation, 0) / (Math.PI / 2))),
    sin: elevations.map(Math.sin),
    cos: elevations.map(Math.cos),
    reach: elevations.map((elevation) => 1 / (Math.max(Math.tan(elevation), 0) + 0.1)),
  };
}

/** Fills what is left of column u above `bottom`. */
export function fillWorldSky(
  filled: Uint8Array,
  bottom: number,
  u: number,
  azimuth: number,
  tans: Float64Array,
  rows: SkyRows,
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
  const sunSin = Math.sin(sunEl);
  const sunCos = Math.cos(sunEl) * Math.cos(azimuth - sunAz);
  const east = Math.sin(azimuth);
  const north = Math.cos(azimuth);
  for (let v = 0; v < bottom; v++) {
    if (filled[v] === 1) continue;
    const t = tans[v] as number;
    if (t < hills) {
      const rough = 0.8 + 0.4 * hash3(u >> 1, v >> 1, shift);
      for (let c = 0; c < 3; c++) rgb[c] = (air.backdropRgb[c] as number) * rough;
      put(v, u, air.visibilityM * 0.4);
      continue;
    }
    const up = rows.up[v] as number;
    const x = east * (rows.reach[v] as number);
    const y = north * (rows.reach[v] as number);
    const noise = cloudNoise(x * 1.3 + shift, y * 1.3 + shift * 0.7);
    const cloud =
      Math.min(Math.max((noise - 0.72 * (1 - air.clouds) - 0.06) * 3.2, 0), 1) *
      Math.min(1, 0.4 + air.clouds);
    const away = (rows.sin[v] as number) * sunSin + (rows.cos[v] as number) * sunCos;
    const glow = away < 0.8 ? 0 : (1 - air.clouds) * (90 * away ** 24 + 300 * away ** 900);
    const density = cloud <= 0 ? 1 : 0.84 + 0.3 * (noiseInPlane(x * 2.7 + 9, y * 2.7 + shift) - 0.4);
    for (let c = 0; c < 3; c++) {
      const blue = (air.horizon[c] as number) * (1 - up) + (air.zenith[c] as number) * up;
      rgb[c] = blue * (1 - cloud) + (air.cloudRgb[c] as number) * density * cloud + glow;
    }
    put(v, u, 0);
  }
}

const wave = (angle: number, phase: number): number => Math.sin(angle + phase);

/** Three octaves of noise, about 0..1. */
function cloudNoise(x: number, y: number): number {
  return (
    0.55 * noiseInPlane(x, y) +
    0.275 * noiseInPlane(x * 2.1 + 17, y * 2.1) +
    0.1375 * noiseInPlane(x * 4.4, y * 4.4 + 31)
  );
}
