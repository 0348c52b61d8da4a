// The overhead view of a world: crowns, roofs and ground under one sun, upright things leaning away from the camera.
import { hash3 } from 'skyfix/random';
import type { Illumination, LitWorld } from '../scene/lit-world.js';
import { CELL_M, type Scene } from '../scene/scene.js';

const BLOCK = 32;

/** How far the top of something 1 m high is displaced, metres. */
export interface Lean {
  readonly east: number;
  readonly north: number;
}

/** [n*n*3] RGB, row 0 northernmost. Without canopies the trees are not drawn (their shadows stay). */
export function renderWorldOverhead(
  lit: LitWorld,
  sun: Illumination,
  lean: Lean,
  canopies: boolean,
): Uint8Array {
  const { scene, albedo, crowns, foliage, light } = lit;
  const { n, height, tree, building } = scene;
  const reach = tallestNear(scene, canopies ? crowns : undefined);
  const blocks = Math.ceil(n / BLOCK);
  const out = new Uint8Array(n * n * 3);
  const slant = Math.hypot(lean.east, lean.north);
  const stepM = slant > 0.02 ? Math.max(0.3, CELL_M / slant) : Number.POSITIVE_INFINITY;
  const stepEast = -lean.east * 4;
  const stepNorth = -lean.north * 4;
  for (let iy = 0; iy < n; iy++) {
    const row = (n - 1 - iy) * n * 3;
    for (let ix = 0; ix < n; ix++) {
      let hit = iy * n + ix;
      let wall = false;
      if (Number.isFinite(stepM)) {
        const most = reach[(iy >> 5) * blocks + (ix >> 5)] as number;
        // Something at height h appears displaced by lean times h: look where it really stands, highest first.
        for (let h = most; h > 0; h -= stepM) {
          const jx = Math.floor(ix + 0.5 + stepEast * h);
          const jy = Math.floor(iy + 0.5 + stepNorth * h);
          if (jx < 0 || jy < 0 || jx >= n || jy >= n) continue;
          const cell = jy * n + jx;
          const own = (height[cell] as number) * 0.01;
          if (own >= h || (canopies && (crowns[cell] as number) * 0.01 >= h && h > 1.5)) {
            hit = cell;
            wall = own > h + stepM * 1.3;
            break;
          }
        }
      }
      const o = row + ix * 3;
      const id = tree[hit] as number;
      const crown = canopies && (crowns[hit] as number) > (height[hit] as number);
      if (crown && hash3(hit, id, 31) >= (foliage.open[id] as number)) {
        const bright = (light.crown[hit] as number) / 255;
        const rough = 0.78 + 0.44 * hash3(hit, 1, 3);
        for (let c = 0; c < 3; c++) {
          const shade = rough * ((sun.ambient[c] as number) * 0.92 + (sun.direct[c] as number) * bright);
          out[o + c] = clip((foliage.rgb[id * 3 + c] as number) * shade);
        }
        continue;
      }
      const house = wall ? scene.buildings[(building[hit] as number) - 1] : undefined;
      const bright = house ? 0.22 : (light.ground[hit] as number) / 255;
      const sky = house ? 0.75 : (light.sky[hit] as number) / 255;
      for (let c = 0; c < 3; c++) {
        const colour = house ? (house.wall[c] as number) : (albedo[hit * 3 + c] as number);
        out[o + c] = clip(colour * ((sun.ambient[c] as number) * sky + (sun.direct[c] as number) * bright));
      }
    }
  }
  return out;
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));

/** [blocks*blocks] the tallest thing in a block of 8 m and its neighbours, metres. */
function tallestNear(scene: Scene, crowns: Uint16Array | undefined): Float32Array {
  const { n, height } = scene;
  const blocks = Math.ceil(n / BLOCK);
  const own = new Float32Array(blocks * blocks);
  for (let iy = 0; iy < n; iy++) {
    for (let ix = 0; ix < n; ix++) {
      const cell = iy * n + ix;
      const k = (iy >> 5) * blocks + (ix >> 5);
      const top = Math.max(height[cell] as number, crowns ? (crowns[cell] as number) : 0) * 0.01;
      if (top > (own[k] as number)) own[k] = top;
    }
  }
  const out = new Float32Array(blocks * blocks);
  for (let by = 0; by < blocks; by++) {
    for (let bx = 0; bx < blocks; bx++) {
      let most = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const inside = bx + dx >= 0 && by + dy >= 0 && bx + dx < blocks && by + dy < blocks;
          if (inside) most = Math.max(most, own[(by + dy) * blocks + bx + dx] as number);
        }
      }
      out[by * blocks + bx] = most;
    }
  }
  return out;
}
