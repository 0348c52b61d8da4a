// Colour and light of every cell's top surface: what it is made of in the season, and whether the sun reaches it.

import { hash3 } from 'skyfix/random';
import { M, MATERIALS } from './materials.js';
import { CELL_M, type Scene } from './scene.js';
import { smoothNoise } from './smooth-noise.js';
import { sweepFromSun } from './sun-sweep.js';

export type Season = 'summer' | 'autumn';

export interface Sun {
  /** Where the sun stands, clockwise from grid north. */
  readonly azimuthDeg: number;
  readonly elevationDeg: number;
}

/** [n*n*3] colours of the top surface without light. `grainSeed` differs between the views. */
export function paintAlbedo(scene: Scene, season: Season, seed: number, grainSeed: number): Uint8Array {
  const { n, material, tree } = scene;
  const out = new Uint8Array(new SharedArrayBuffer(n * n * 3));
  const size = 512;
  const blotch = smoothNoise(size, 10, seed * 31 + 5);
  const broad = smoothNoise(size, 64, seed * 31 + 6);
  const grain = new Float32Array(size * size);
  for (let k = 0; k < grain.length; k++) grain[k] = hash3(k, grainSeed, 77) * 2 - 1;
  const colours = new Float32Array(MATERIALS.length * 5);
  MATERIALS.forEach((entry, k) => {
    colours.set([...entry[season], entry.grain, entry.blotch], k * 5);
  });
  for (let iy = 0; iy < n; iy++) {
    for (let ix = 0; ix < n; ix++) {
      const cell = iy * n + ix;
      const at = (material[cell] as number) * 5;
      const k = (iy & 511) * size + (ix & 511);
      const k2 = ((iy * 5 + 131) & 511) * size + ((ix * 5 + 67) & 511);
      const scale =
        1 +
        (grain[(k + ((ix >> 9) * 7919 + (iy >> 9) * 104729)) & (size * size - 1)] as number) *
          (colours[at + 3] as number) +
        ((blotch[k] as number) + (broad[k2 >> 0] as number) * 0.6) * (colours[at + 4] as number) * 1.6;
      let r = (colours[at] as number) * scale;
      let g = (colours[at + 1] as number) * scale;
      let b = (colours[at + 2] as number) * scale;
      const id = tree[cell] as number;
      if (season === 'autumn' && id > 0) {
        const kind = scene.trees[id - 1]?.kind ?? 1;
        const m = material[cell] as number;
        if (kind !== 1 && m < M.roofRed && hash3(ix, iy, 9) < (m >= M.lawn ? 0.34 : 0.16)) {
          const t = hash3(id, 4, 4);
          r = 168 + 30 * t;
          g = 106 + 44 * t;
          b = 44;
        }
      }
      const o = cell * 3;
      out[o] = r < 0 ? 0 : Math.min(r, 255);
      out[o + 1] = g < 0 ? 0 : Math.min(g, 255);
      out[o + 2] = b < 0 ? 0 : Math.min(b, 255);
    }
  }
  return out;
}

/**
 * [n*n] light on the top surface: 255 in the sun, 0 in full shadow, slopes in between. One sweep away from the
 * sun carries the height of the shadow; canopies cast shadow as columns.
 */
export function paintSunlight(scene: Scene, sun: Sun): Uint8Array {
  const { n, height, tree } = scene;
  const out = new Uint8Array(new SharedArrayBuffer(n * n));
  const canopyTop = (cell: number): number => {
    const id = tree[cell] as number;
    if (id === 0) return 0;
    const t = scene.trees[id - 1];
    if (t === undefined) return 0;
    const dx = ((cell % n) + 0.5) * CELL_M - t.x;
    const dy = (Math.floor(cell / n) + 0.5) * CELL_M - t.y;
    const q = 1 - (dx * dx + dy * dy) / (t.radiusM * t.radiusM);
    return q <= 0 ? 0 : t.centreM + t.halfHeightM * Math.sqrt(q);
  };
  sweepFromSun(n, CELL_M, sun, (cell, shadow, towards) => {
    const own = (height[cell] as number) * 0.01;
    const depth = shadow - own;
    let light = depth <= 0 ? 1 : depth > 0.35 ? 0 : 1 - depth / 0.35;
    const west = (height[cell - 1] ?? 0) * 0.01;
    const south = (height[cell - n] ?? 0) * 0.01;
    const slopeX = own - west;
    const slopeY = own - south;
    if (own > 2 && Math.abs(slopeX) < 0.5 && Math.abs(slopeY) < 0.5 && (slopeX !== 0 || slopeY !== 0)) {
      const facing = (-slopeX * towards.east - slopeY * towards.north) * 4;
      light *= Math.min(Math.max(0.72 + facing * 0.42, 0.1), 1);
    } else light *= own > 2 ? 0.85 : 0.92;
    out[cell] = light * 255;
    return Math.max(shadow, own, canopyTop(cell));
  });
  return out;
}
