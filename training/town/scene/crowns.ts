// Crowns of trees as height over the ground: clumps with gaps and ragged edges, not ellipsoids.
import { CELL_M, CELLS_PER_M, type Scene } from './scene.js';
import { smoothNoise } from './smooth-noise.js';

const SIZE = 512;
const WRAP = SIZE - 1;

/** [n*n] height of the crowns' upper side in cm, 0 where there is none; takes the ragged edges from scene.tree. */
export function growCrowns(scene: Scene, seed: number): Uint16Array {
  const { n, tree, trees } = scene;
  const out = new Uint16Array(new SharedArrayBuffer(n * n * 2));
  const clumps = smoothNoise(SIZE, 5, seed * 17 + 11);
  const boughs = smoothNoise(SIZE, 11, seed * 17 + 12);
  trees.forEach((t, index) => {
    const id = index + 1;
    const x0 = Math.max(0, Math.floor((t.x - t.radiusM) * CELLS_PER_M));
    const x1 = Math.min(n - 1, Math.ceil((t.x + t.radiusM) * CELLS_PER_M));
    const y0 = Math.max(0, Math.floor((t.y - t.radiusM) * CELLS_PER_M));
    const y1 = Math.min(n - 1, Math.ceil((t.y + t.radiusM) * CELLS_PER_M));
    const shift = Math.floor(t.hash * 4096);
    for (let iy = y0; iy <= y1; iy++) {
      const ey = (iy + 0.5) * CELL_M - t.y;
      for (let ix = x0; ix <= x1; ix++) {
        const cell = iy * n + ix;
        const ex = (ix + 0.5) * CELL_M - t.x;
        const inside = 1 - (ex * ex + ey * ey) / (t.radiusM * t.radiusM);
        if (inside <= 0) continue;
        const at = ((iy + shift) & WRAP) * SIZE + ((ix + 3 * shift) & WRAP);
        const bough = boughs[at] as number;
        const clump = clumps[at] as number;
        const q = inside + 0.42 * bough + 0.16 * clump;
        if (q <= 0.22) {
          if (tree[cell] === id) tree[cell] = 0;
          continue;
        }
        const bulge = 0.8 + 0.34 * bough + 0.2 * clump;
        // Conifers are cones, the others domes.
        const shape = t.kind === 1 ? 1.2 - 2 * Math.sqrt(1 - inside) : Math.sqrt(inside);
        const top = (t.centreM + t.halfHeightM * shape * (shape > 0 ? bulge : 1)) * 100;
        if (top > (out[cell] as number)) {
          out[cell] = Math.max(top, 60);
          tree[cell] = id;
        }
      }
    }
  });
  return out;
}
