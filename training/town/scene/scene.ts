// The town as rasters with height: one cell is 0.25 m. x runs east and y north, in metres from the south-west
// corner; cell (ix, iy) covers [ix, ix+1) x [iy, iy+1) quarter metres, so row 0 is the southernmost.
import { bilinear } from 'skyfix/geometry';

export const CELL_M = 0.25;
export const CELLS_PER_M = 4;

/** A building's frame, for façades and roofs. */
export interface Building {
  readonly x: number;
  readonly y: number;
  /** Direction of the building's long axis (u), radians from east, counter-clockwise. */
  readonly angle: number;
  readonly halfU: number;
  readonly halfV: number;
  readonly eaveM: number;
  readonly wall: readonly [number, number, number];
  /** 0 house, 1 old-town house with shop, 2 apartment block, 3 hall. */
  readonly style: number;
  readonly hash: number;
}

/** A tree; its canopy is an ellipsoid of radius r around height zc with half height zh. */
export interface Tree {
  readonly x: number;
  readonly y: number;
  readonly radiusM: number;
  readonly centreM: number;
  readonly halfHeightM: number;
  /** 0 broad-leaved, 1 conifer, 2 broad-leaved that is nearly bare in autumn. */
  readonly kind: number;
  readonly hash: number;
}

/** A place where a car may stand or drive. */
export interface CarSpot {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  /** How likely a car is there. */
  readonly probability: number;
  readonly truck: boolean;
}

export interface Scene {
  readonly sideM: number;
  /** Cells per side. */
  readonly n: number;
  /** [n*n] material of the top surface. */
  readonly material: Uint8Array;
  /** [n*n] height of objects above ground, centimetres. */
  readonly height: Uint16Array;
  /** [n*n] 1 + index of the building, 0 none. */
  readonly building: Uint16Array;
  /** [n*n] 1 + index of the tree whose canopy is above, 0 none. */
  readonly tree: Uint16Array;
  /** [n*n] brightness of the surface beside its material's: 128 is as it is; wheel tracks, rows of crops. */
  readonly shade: Uint8Array;
  /** Terrain height every 8 m, [(side/8+2)^2]. */
  readonly terrain: Float32Array;
  /** How thick trunks are beside the town's. */
  readonly trunks: number;
  readonly buildings: Building[];
  readonly trees: Tree[];
  readonly carSpots: CarSpot[];
}

const TERRAIN_STEP_M = 8;

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

/** An empty scene: meadow, gentle terrain (slopes of at most about 2 %) drawn from the seed. */
export function makeScene(sideM: number, seed: number, trunks = 1): Scene {
  const n = Math.round(sideM * CELLS_PER_M);
  const width = terrainWidth(sideM);
  const terrain = new Float32Array(shared(width * width * 4));
  const phase = (seed % 1000) * 0.7;
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < width; i++) {
      const x = i * TERRAIN_STEP_M;
      const y = j * TERRAIN_STEP_M;
      terrain[j * width + i] =
        430 +
        1.6 * Math.sin(x / 130 + phase) * Math.cos(y / 170 + phase * 1.3) +
        2.4 * Math.sin((x + 0.6 * y) / 310 + phase * 0.5);
    }
  }
  return {
    sideM,
    n,
    material: new Uint8Array(shared(n * n)),
    height: new Uint16Array(shared(n * n * 2)),
    building: new Uint16Array(shared(n * n * 2)),
    tree: new Uint16Array(shared(n * n * 2)),
    shade: new Uint8Array(shared(n * n)).fill(128),
    terrain,
    trunks,
    buildings: [],
    trees: [],
    carSpots: [],
  };
}

export function terrainWidth(sideM: number): number {
  return Math.ceil(sideM / TERRAIN_STEP_M) + 2;
}

/** Ground height at a point, metres; clamped to the town. */
export function terrainAt(terrain: Float32Array, width: number, x: number, y: number): number {
  const gx = Math.min(Math.max(x / TERRAIN_STEP_M, 0), width - 1.001);
  const gy = Math.min(Math.max(y / TERRAIN_STEP_M, 0), width - 1.001);
  const ix = Math.floor(gx);
  const iy = Math.floor(gy);
  const k = iy * width + ix;
  const here = terrain[k] ?? 0;
  const north = terrain[k + width] ?? 0;
  return bilinear(here, terrain[k + 1] ?? 0, north, terrain[k + width + 1] ?? 0, gx - ix, gy - iy);
}
