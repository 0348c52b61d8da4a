// The orthographic mosaic: looks down with a slight lean, in its own season, light and sensor.
import { hash3 } from 'skyfix/random';
import { CELL_M, type Scene } from '../scene/scene.js';

export interface OverheadOptions {
  /** How far a thing of 1 m height is displaced, east and north, metres. */
  readonly leanEast: number;
  readonly leanNorth: number;
  readonly canopies: boolean;
  readonly autumn: boolean;
  /** Own colours, blur and noise of the sensor. */
  readonly sensor: boolean;
  readonly seed: number;
}

const BLOCK = 32;

/** [n*n*3] RGB, row 0 northernmost. `albedo` and `sunlight` belong to the same season and sun. */
export function renderOverhead(
  scene: Scene,
  albedo: Uint8Array,
  sunlight: Uint8Array,
  options: OverheadOptions,
): Uint8Array {
  const { n, height, tree, building } = scene;
  const blocks = Math.ceil(n / BLOCK);
  const tallest = new Float32Array(blocks * blocks);
  const note = (ix: number, iy: number, value: number): void => {
    const k = (iy >> 5) * blocks + (ix >> 5);
    if (value > (tallest[k] as number)) tallest[k] = value;
  };
  for (let iy = 0; iy < n; iy++) {
    for (let ix = 0; ix < n; ix++) {
      const cell = iy * n + ix;
      const h = (height[cell] as number) * 0.01;
      if (h > 0) note(ix, iy, h);
      const id = tree[cell] as number;
      if (id > 0 && options.canopies) {
        const t = scene.trees[id - 1];
        if (t !== undefined) note(ix, iy, t.centreM + t.halfHeightM);
      }
    }
  }
  const reach = new Float32Array(blocks * blocks);
  for (let by = 0; by < blocks; by++) {
    for (let bx = 0; bx < blocks; bx++) {
      let most = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const x = bx + dx;
          const y = by + dy;
          if (x >= 0 && y >= 0 && x < blocks && y < blocks)
            most = Math.max(most, tallest[y * blocks + x] as number);
        }
      }
      reach[by * blocks + bx] = most;
    }
  }
  const out = new Uint8Array(n * n * 3);
  const { leanEast, leanNorth } = options;
  const lean = Math.hypot(leanEast, leanNorth);
  const stepM = lean > 0.02 ? Math.max(0.25, CELL_M / lean) : 40;
  for (let iy = 0; iy < n; iy++) {
    const row = (n - 1 - iy) * n * 3;
    for (let ix = 0; ix < n; ix++) {
      let hit = iy * n + ix;
      let canopy = 0;
      let wall = false;
      const most = reach[(iy >> 5) * blocks + (ix >> 5)] as number;
      for (let h = most; h > 0; h -= stepM) {
        // A thing at height h appears displaced by lean*h: look where it really stands.
        const jx = Math.floor(ix + 0.5 - leanEast * h * 4);
        const jy = Math.floor(iy + 0.5 - leanNorth * h * 4);
        if (jx < 0 || jy < 0 || jx >= n || jy >= n) continue;
        const cell = jy * n + jx;
        const id = tree[cell] as number;
        if (id > 0 && options.canopies) {
          const t = scene.trees[id - 1];
          if (t !== undefined && h <= t.centreM + t.halfHeightM) {
            const dx = (jx + 0.5) * CELL_M - t.x;
            const dy = (jy + 0.5) * CELL_M - t.y;
            const q = 1 - (dx * dx + dy * dy) / (t.radiusM * t.radiusM);
            const bumpy = 0.75 + 0.5 * hash3(jx >> 1, jy >> 1, id);
            const above = (h - t.centreM) / t.halfHeightM;
            if (q * bumpy > 0.08 && above * above <= q * bumpy) {
              const sparse = options.autumn && t.kind === 2 ? 0.5 : 0.04;
              if (hash3(jx, jy, 31) > sparse) {
                hit = cell;
                canopy = id;
                break;
              }
            }
          }
        }
        const own = (height[cell] as number) * 0.01;
        if (own >= h) {
          hit = cell;
          wall = own > h + stepM * 1.2 && lean > 0.02;
          break;
        }
      }
      const o = row + ix * 3;
      const light = 0.42 + 0.66 * ((sunlight[hit] as number) / 255);
      let r = albedo[hit * 3] as number;
      let g = albedo[hit * 3 + 1] as number;
      let b = albedo[hit * 3 + 2] as number;
      let shade = light;
      if (canopy > 0) {
        const t = scene.trees[canopy - 1];
        if (t !== undefined) {
          const leaf = leafColour(t.kind, t.hash, options.autumn);
          const dx = ((hit % n) + 0.5) * CELL_M - t.x;
          const dy = (Math.floor(hit / n) + 0.5) * CELL_M - t.y;
          const rough = hash3((hit % n) >> 1, Math.floor(hit / n) >> 1, 3) * 0.35 + hash3(hit, 1, 3) * 0.15;
          shade = 0.62 + rough + ((dx - dy) / t.radiusM) * 0.16;
          r = leaf[0];
          g = leaf[1];
          b = leaf[2];
        }
      } else if (wall && (building[hit] as number) > 0) {
        const house = scene.buildings[(building[hit] as number) - 1];
        if (house !== undefined) {
          r = house.wall[0];
          g = house.wall[1];
          b = house.wall[2];
          shade = 0.6;
        }
      }
      out[o] = clip(r * shade);
      out[o + 1] = clip(g * shade);
      out[o + 2] = clip(b * shade);
    }
  }
  return options.sensor ? sense(out, n, options.seed) : out;
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));

/** Colour of a tree's leaves. */
export function leafColour(kind: number, hash: number, autumn: boolean): readonly [number, number, number] {
  if (kind === 1) return [50 + 16 * hash, 82 + 20 * hash, 54];
  if (!autumn) return [72 + 40 * hash, 116 + 26 * hash, 52 + 14 * hash];
  if (hash < 0.3) return [196, 150 + 60 * hash, 56];
  if (hash < 0.55) return [190, 98 + 40 * hash, 44];
  if (hash < 0.7) return [156, 62, 42];
  return [122 + 30 * hash, 122, 58];
}

/** The sensor: 3x3 blur, bluish haze, its own contrast and noise. */
function sense(image: Uint8Array, n: number, seed: number): Uint8Array {
  const out = new Uint8Array(image.length);
  for (let y = 0; y < n; y++) {
    const up = y > 0 ? -n * 3 : 0;
    const down = y < n - 1 ? n * 3 : 0;
    for (let x = 0; x < n; x++) {
      const at = (y * n + x) * 3;
      const left = x > 0 ? -3 : 0;
      const right = x < n - 1 ? 3 : 0;
      const noise = (hash3(x, y, seed) - 0.5) * 9;
      for (let c = 0; c < 3; c++) {
        const k = at + c;
        const value =
          0.4 * (image[k] as number) +
          0.15 *
            ((image[k + left] as number) +
              (image[k + right] as number) +
              (image[k + up] as number) +
              (image[k + down] as number));
        const t = value / 255;
        const curved = 255 * (t * (1.22 - 0.3 * t));
        out[k] = clip(
          (c === 0 ? 0.9 * curved + 8 : c === 1 ? 0.96 * curved + 14 : 0.9 * curved + 26) + noise,
        );
      }
    }
  }
  return out;
}
