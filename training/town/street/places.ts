// Where panoramas are taken, and which area each belongs to.

import { makeRng } from 'skyfix/random';
import { SPLITS, type Split } from '../../common/index.js';
import type { District, StreetNetwork } from '../layout/streets.js';
import { CAMERA_HEIGHT_M, TILE_M, type TownOptions } from '../scene/options.js';
import { CELLS_PER_M, type Scene } from '../scene/scene.js';
import { pointAlong } from '../scene/stamp.js';
import type { TownCamera } from './march.js';

/** A rectangle in town metres. */
export interface Area {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export interface Place {
  readonly id: string;
  readonly split: Split;
  readonly district: District;
  readonly camera: TownCamera;
}

/** Distance from the mosaic's edge that leaves room for a tile, its rotation and its random offset. */
const EDGE_M = TILE_M * 0.75;
/** Areas stay this far apart: a tile, its rotation and a random offset of half a stride on both sides. */
export const GAP_M = TILE_M * 1.5;

/** Side of a town that holds about so many places, metres; a multiple of 64. `scale` is above 1 where roads are few. */
export function townSide(places: number, scale = 1): number {
  return Math.max(512, Math.ceil((41.5 * scale * Math.sqrt(places)) / 64) * 64);
}

/** The areas: test in the south-west, validation north of it, the rest train (two rectangles). */
export function splitAreas(sideM: number): Record<Split, readonly Area[]> {
  const low = EDGE_M;
  const high = sideM - EDGE_M;
  const test = low + (high - low) * 0.47;
  const validation = low + (high - low) * 0.26;
  return {
    test: [{ west: low, south: low, east: test, north: test }],
    validation: [{ west: low, south: test + GAP_M, east: validation, north: high }],
    train: [
      { west: test + GAP_M, south: low, east: high, north: high },
      { west: validation + GAP_M, south: test + GAP_M, east: test + GAP_M, north: high },
    ],
  };
}

/** How the cameras of a world are carried. */
export interface Stance {
  readonly heightM: number;
  /** Relative standard deviation of the height. */
  readonly heightSpread: number;
  /** Standard deviation of pitch and roll. */
  readonly tiltDeg: number;
}

/** The town's. */
const TOWN_STANCE: Stance = { heightM: CAMERA_HEIGHT_M, heightSpread: 0.03, tiltDeg: 1.5 };

/** Chooses cameras along the streets, about 25 m apart with lateral jitter, never inside or under something solid. */
export function choosePlaces(
  scene: Scene,
  network: StreetNetwork,
  options: Pick<TownOptions, 'seed' | 'places' | 'heightJitter' | 'tilt'>,
  stance: Stance = TOWN_STANCE,
): readonly Place[] {
  const areas = splitAreas(scene.sideM);
  const areaOf = (x: number, y: number): Split | undefined =>
    SPLITS.find((split) =>
      areas[split].some((a) => x >= a.west && x <= a.east && y >= a.south && y <= a.north),
    );
  const rng = makeRng(options.seed, 9);
  const spots: { x: number; y: number; split: Split; district: District }[] = [];
  const taken = new Map<string, { x: number; y: number }[]>();
  const least = 11;
  const collect = (spacing: number): void => {
    for (const street of network.streets) {
      for (
        let along = rng.range(2, spacing);
        along < street.lengthM - 1;
        along += spacing * rng.range(0.85, 1.15)
      ) {
        const at = pointAlong(street.line, along);
        const offset = rng.range(-1, 1) * (street.halfM - 0.7);
        const x = at.x - Math.sin(at.angle) * offset;
        const y = at.y + Math.cos(at.angle) * offset;
        const split = areaOf(x, y);
        if (split === undefined || !isClear(scene, x, y)) continue;
        const gx = Math.floor(x / least);
        const gy = Math.floor(y / least);
        let crowded = false;
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            for (const other of taken.get(`${gx + dx},${gy + dy}`) ?? []) {
              if (Math.hypot(other.x - x, other.y - y) < least) crowded = true;
            }
          }
        }
        if (crowded) continue;
        const key = `${gx},${gy}`;
        taken.set(key, [...(taken.get(key) ?? []), { x, y }]);
        spots.push({ x, y, split, district: street.district });
      }
    }
  };
  for (const spacing of [25, 19, 15]) if (spots.length < options.places) collect(spacing);
  // Drop what is too much at random, keep the streets' order.
  const order = spots.map((_, k) => ({ k, key: rng.next() })).sort((a, b) => a.key - b.key);
  const kept = new Set(order.slice(0, options.places).map((entry) => entry.k));
  const places: Place[] = [];
  spots.forEach((spot, k) => {
    const jitter = rng.normal() * stance.heightSpread;
    const height = options.heightJitter ? 1 + jitter : 1;
    const heading = rng.range(-180, 180);
    const pitch = rng.normal() * stance.tiltDeg;
    const roll = rng.normal() * stance.tiltDeg;
    if (!kept.has(k)) return;
    places.push({
      id: `p${String(places.length).padStart(5, '0')}`,
      split: spot.split,
      district: spot.district,
      camera: {
        x: spot.x,
        y: spot.y,
        heightM: stance.heightM * height,
        gridHeadingDeg: heading,
        pitchDeg: options.tilt ? pitch : 0,
        rollDeg: options.tilt ? roll : 0,
      },
    });
  });
  return places;
}

function isClear(scene: Scene, x: number, y: number): boolean {
  const reach = 5;
  const cx = Math.floor(x * CELLS_PER_M);
  const cy = Math.floor(y * CELLS_PER_M);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const ix = cx + dx;
      const iy = cy + dy;
      if (ix < 0 || iy < 0 || ix >= scene.n || iy >= scene.n) return false;
      if ((scene.height[iy * scene.n + ix] ?? 1) > 0) return false;
    }
  }
  return true;
}
