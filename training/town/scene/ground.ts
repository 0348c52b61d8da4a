// Colour of every cell of a world: its material's two colours mixed in patches, with grain down to the cell.
import { hash3 } from 'skyfix/random';
import { PALETTE_STRIDE, type Palette } from './palette.js';
import type { Scene } from './scene.js';
import { smoothNoise } from './smooth-noise.js';

const SIZE = 512;
const WRAP = SIZE - 1;

/** [n*n*3] colours of the top surface without light; `seed` gives the patches, `grainSeed` this view's grain. */
export function paintGround(scene: Scene, palette: Palette, seed: number, grainSeed: number): Uint8Array {
  const { n, material, shade, building } = scene;
  const out = new Uint8Array(new SharedArrayBuffer(n * n * 3));
  const clump = smoothNoise(SIZE, 5, seed * 31 + 1);
  const patch = smoothNoise(SIZE, 24, seed * 31 + 2);
  // One number to 4 cells: 2 km without a repeat, features of 40 m and of 12 m.
  const broad = smoothNoise(SIZE, 40, seed * 31 + 3);
  const field = smoothNoise(SIZE, 12, seed * 31 + 4);
  const grain = new Float32Array(SIZE * SIZE);
  for (let k = 0; k < grain.length; k++) grain[k] = hash3(k, grainSeed, 77) * 2 - 1;
  const tints = tintsOf(scene);
  for (let iy = 0; iy < n; iy++) {
    for (let ix = 0; ix < n; ix++) {
      const cell = iy * n + ix;
      const at = (material[cell] as number) * PALETTE_STRIDE;
      const near = (iy & WRAP) * SIZE + (ix & WRAP);
      const turned = (ix & WRAP) * SIZE + ((iy + 211) & WRAP);
      const far = ((iy >> 2) & WRAP) * SIZE + ((ix >> 2) & WRAP);
      const g = grain[(near + (ix >> 9) * 7919 + (iy >> 9) * 104729) & (SIZE * SIZE - 1)] as number;
      const c = clump[turned] as number;
      const p = 0.6 * (patch[near] as number) + 0.6 * (field[far] as number);
      const b = broad[far] as number;
      const scale =
        ((shade[cell] as number) / 128) *
        (1 +
          g * (palette[at + 6] as number) +
          c * (palette[at + 7] as number) +
          p * (palette[at + 8] as number) +
          b * (palette[at + 9] as number));
      const mixed = 0.42 + 0.55 * p + 0.3 * b + 0.25 * c;
      const t = mixed < 0 ? 0 : Math.min(mixed, 1);
      const id = (building[cell] as number) * 3;
      for (let k = 0; k < 3; k++) {
        const main = palette[at + k] as number;
        const value =
          (main + ((palette[at + 3 + k] as number) - main) * t) * scale * (tints[id + k] as number);
        out[cell * 3 + k] = value < 0 ? 0 : Math.min(value, 255);
      }
    }
  }
  return out;
}

/** [(1 + buildings) * 3] each building's own tint of what it is made of; the first is that of the ground. */
function tintsOf(scene: Scene): Float32Array {
  const tints = new Float32Array((scene.buildings.length + 1) * 3).fill(1);
  scene.buildings.forEach(({ hash }, k) => {
    const tone = 0.74 + 0.5 * hash;
    const warm = (hash3(Math.floor(hash * 1e6), 3, 5) - 0.5) * 0.16;
    tints.set([tone * (1 + warm), tone, tone * (1 - warm)], (k + 1) * 3);
  });
  return tints;
}
