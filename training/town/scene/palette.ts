// What the materials of a world look like in one season: two colours each and how they mix over the ground.
import { makeRng } from 'skyfix/random';
import { M, MATERIALS, type MaterialName } from './materials.js';

/** The season as plants see it: what grows, how green it is, what has fallen. */
export interface Growth {
  /** 0 straw … 1 fresh green. */
  readonly grass: number;
  /** How far broad leaves have turned, 0..1. */
  readonly turned: number;
  /** Share of broad-leaved trees without leaves, 0..1. */
  readonly bare: number;
}

/** Numbers of a material: [main r g b, other r g b, grain, clump, patch, broad], strengths 0..1. */
export const PALETTE_STRIDE = 10;
export type Palette = Float32Array;

/** Plants on the ground: brightness beside the grass of the world, and how much greener they are than it. */
const PLANTS: Partial<Record<MaterialName, readonly [brightness: number, greener: number]>> = {
  meadow: [1, 0],
  lawn: [0.98, 0.2],
  lawnDark: [0.8, 0.22],
  lawnDry: [1.12, -0.3],
  turf: [0.9, 0.35],
  turfDark: [0.8, 0.35],
  hedge: [0.55, 0.3],
  pasture: [0.98, 0.05],
  crop: [0.86, 0.25],
  scrub: [0.78, -0.05],
  roofGreen: [0.9, -0.1],
};

/** Grain, clumps, patches and broad variation of the ground that is not hard. */
const ROUGH: Partial<Record<MaterialName, readonly [number, number, number, number]>> = {
  meadow: [0.16, 0.14, 0.14, 0.16],
  pasture: [0.14, 0.14, 0.16, 0.18],
  lawn: [0.1, 0.08, 0.09, 0.08],
  lawnDark: [0.11, 0.09, 0.09, 0.08],
  lawnDry: [0.12, 0.1, 0.14, 0.12],
  crop: [0.16, 0.08, 0.08, 0.12],
  cropRipe: [0.12, 0.07, 0.08, 0.12],
  stubble: [0.14, 0.08, 0.1, 0.12],
  ploughed: [0.16, 0.1, 0.12, 0.16],
  forestFloor: [0.24, 0.22, 0.16, 0.12],
  scrub: [0.3, 0.26, 0.2, 0.16],
  drySoil: [0.12, 0.1, 0.14, 0.18],
  sandSoil: [0.1, 0.08, 0.12, 0.18],
  rock: [0.2, 0.2, 0.2, 0.16],
  dirtRoad: [0.12, 0.1, 0.12, 0.1],
  gravelRoad: [0.14, 0.08, 0.08, 0.08],
  soil: [0.16, 0.14, 0.12, 0.08],
  hedge: [0.3, 0.25, 0.1, 0.05],
};

const STRAW = [160, 146, 114] as const;
const GREEN = [82, 108, 62] as const;

/** Draws the colours of a world's materials: the same seed gives the same stones and roofs in every season. */
export function drawPalette(seed: number, growth: Growth, soil: readonly [number, number, number]): Palette {
  const rng = makeRng(seed, 61);
  const palette = new Float32Array(MATERIALS.length * PALETTE_STRIDE);
  const hue = [rng.normal() * 0.05, rng.normal() * 0.05, rng.normal() * 0.07] as const;
  MATERIALS.forEach((entry, k) => {
    const name = Object.keys(M)[k] as MaterialName;
    const tone = Math.exp(rng.normal() * 0.12);
    const warm = rng.normal() * 0.035;
    const plant = PLANTS[name];
    const rough = ROUGH[name] ?? [entry.grain, entry.grain * 0.5, entry.blotch, entry.blotch * 0.7];
    let main = [entry.summer[0], entry.summer[1], entry.summer[2]];
    let other = main.map((value) => value * 0.88);
    if (plant) {
      const green = Math.min(Math.max(growth.grass + plant[1] * (0.4 + 0.6 * growth.grass), 0), 1);
      const mix = (g: number) => [0, 1, 2].map((c) => blend(STRAW, GREEN, g, c) * (1 + (hue[c] ?? 0)));
      main = mix(green).map((value) => value * plant[0]);
      other = mix(Math.max(green - 0.45, 0)).map((value) => value * plant[0] * 1.04);
    } else if (name === 'ploughed' || name === 'drySoil' || name === 'dirtRoad' || name === 'soil') {
      const pale = name === 'drySoil' ? 1.12 : name === 'dirtRoad' ? 1.18 : 0.86;
      main = soil.map((value) => value * pale);
      other = soil.map((value) => value * pale * 0.84);
    } else if (name === 'forestFloor') {
      main = [70 + 40 * growth.turned, 68 + 14 * growth.turned, 50];
      other = [104, 84, 58];
    }
    const gain = [tone * (1 + warm), tone, tone * (1 - warm)];
    palette.set(
      [
        ...main.map((v, c) => v * (gain[c] as number)),
        ...other.map((v, c) => v * (gain[c] as number)),
        ...rough,
      ],
      k * PALETTE_STRIDE,
    );
  });
  return palette;
}

function blend(a: readonly number[], b: readonly number[], t: number, channel: number): number {
  return (a[channel] as number) * (1 - t) + (b[channel] as number) * t;
}
