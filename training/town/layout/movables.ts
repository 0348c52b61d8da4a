// Cars and people: painted over the static scene for one view and taken away again for the next.

import { makeRng } from 'skyfix/random';
import { CAR_MATERIALS, M } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { forRectangle, type Point } from '../scene/stamp.js';

const WALKABLE: ReadonlySet<number> = new Set([M.slab, M.slabDark, M.slabWarm, M.path, M.brick, M.cobble]);

/** Undoes what a painting changed. */
export type Undo = () => void;

/**
 * Paints one view's cars and people; spots within keepClearM of a camera stay empty. Returns the undo.
 * The same seed and stream give the same cars, so that an ablation can keep them where they were.
 */
export function paintMovables(
  scene: Scene,
  seed: number,
  stream: number,
  cameras: readonly Point[],
  keepClearM: number,
  colours: readonly number[] = CAR_MATERIALS,
): Undo {
  const rng = makeRng(seed, stream);
  const { material, height, n } = scene;
  const cells: number[] = [];
  const oldMaterial: number[] = [];
  const oldHeight: number[] = [];
  const near = new Set<string>();
  const key = (x: number, y: number): string => `${Math.floor(x / 8)},${Math.floor(y / 8)}`;
  for (const camera of cameras) {
    for (let dy = -8; dy <= 8; dy += 8)
      for (let dx = -8; dx <= 8; dx += 8) near.add(key(camera.x + dx, camera.y + dy));
  }
  const clear = (x: number, y: number): boolean =>
    !near.has(key(x, y)) || cameras.every((c) => Math.hypot(c.x - x, c.y - y) > keepClearM);
  const set = (cell: number, value: number, heightCm: number): void => {
    cells.push(cell);
    oldMaterial.push(material[cell] ?? 0);
    oldHeight.push(height[cell] ?? 0);
    material[cell] = value;
    height[cell] = heightCm;
  };
  for (const spot of scene.carSpots) {
    const there = rng.chance(spot.probability);
    const colour = rng.pick(colours);
    const long = spot.truck ? rng.range(3, 4.2) : rng.range(1.95, 2.35);
    const wide = spot.truck ? 1.2 : 0.9;
    const wiggle = rng.range(-0.3, 0.3);
    const turn = rng.chance(0.5) ? Math.PI : 0;
    if (!there || !clear(spot.x, spot.y)) continue;
    const at = { x: spot.x + wiggle * Math.cos(spot.angle), y: spot.y + wiggle * Math.sin(spot.angle) };
    let blocked = false;
    forRectangle(scene, at, spot.angle, long, wide, (cell) => {
      if ((height[cell] ?? 1) > 0) blocked = true;
    });
    if (blocked) continue;
    forRectangle(scene, at, spot.angle + turn, long, wide, (cell, u, v) => {
      if (Math.abs(u) > long - 0.25 && Math.abs(v) > wide - 0.2) return;
      if (spot.truck) set(cell, u > long - 1.6 ? colour : M.box, u > long - 1.6 ? 230 : 310);
      else if (u > 0.95) set(cell, colour, 95);
      else if (u > 0.35) set(cell, M.carGlass, 125);
      else if (u > -1.2) set(cell, colour, 148);
      else if (u > -1.7) set(cell, M.carGlass, 125);
      else set(cell, colour, 100);
    });
  }
  const people = Math.round((scene.sideM * scene.sideM) / 1500);
  for (let k = 0; k < people * 6; k++) {
    const x = rng.range(2, scene.sideM - 2);
    const y = rng.range(2, scene.sideM - 2);
    const cell = Math.floor(y * 4) * n + Math.floor(x * 4);
    const tall = 160 + rng.int(0, 25);
    if (!WALKABLE.has(material[cell] ?? 0) || (height[cell] ?? 1) > 0 || !clear(x, y)) continue;
    set(cell, M.person, tall);
    set(cell + 1, M.person, tall);
  }
  return () => {
    for (let k = cells.length - 1; k >= 0; k--) {
      material[cells[k] as number] = oldMaterial[k] as number;
      height[cells[k] as number] = oldHeight[k] as number;
    }
  };
}
