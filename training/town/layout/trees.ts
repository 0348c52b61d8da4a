// Plants trees: a canopy in the tree layer and a trunk in the object layer.

import type { Rng } from 'skyfix/random';
import { FREE_MATERIALS, M } from '../scene/materials.js';
import { CELLS_PER_M, type Scene, type Tree } from '../scene/scene.js';
import { forDisc, type Point } from '../scene/stamp.js';

const OPEN_GROUND: ReadonlySet<number> = new Set([
  M.lawn,
  M.lawnDark,
  M.lawnDry,
  M.soil,
  M.flowers,
  M.gravel,
  M.slab,
  M.slabDark,
  M.slabWarm,
  M.path,
  M.yard,
  M.stone,
  M.crop,
  M.cropRipe,
  M.stubble,
  M.ploughed,
  M.pasture,
  M.forestFloor,
  M.scrub,
  M.drySoil,
  M.sandSoil,
  M.rock,
]);

/** Plants a tree where the trunk stands on open ground; says whether it did. `kind` 0 broad-leaved, 1 conifer. */
export function plantTree(scene: Scene, at: Point, rng: Rng, kind: number, radiusM: number): boolean {
  const size = rng.range(0.85, 1.3);
  const bare = rng.chance(0.25);
  const hash = rng.next();
  const halfHeightM = kind === 1 ? radiusM * 1.6 * size : radiusM * 0.95 * size;
  const clearM = kind === 1 ? 0.9 : 2.3 + radiusM * 0.25;
  const tree = {
    x: at.x,
    y: at.y,
    radiusM,
    centreM: clearM + halfHeightM * 0.85,
    halfHeightM,
    kind: kind === 1 ? 1 : bare ? 2 : 0,
    hash,
  };
  return placeTree(scene, tree, clearM + halfHeightM * 0.5);
}

/** Puts a tree into the scene where it stands on open ground under no other crown; trunkM is the trunk's height, 0 none. */
export function placeTree(scene: Scene, tree: Tree, trunkM: number): boolean {
  const ix = Math.floor(tree.x * CELLS_PER_M);
  const iy = Math.floor(tree.y * CELLS_PER_M);
  if (ix < 2 || iy < 2 || ix >= scene.n - 2 || iy >= scene.n - 2 || scene.trees.length >= 65_000)
    return false;
  const cell = iy * scene.n + ix;
  const ground = scene.material[cell] ?? 0;
  if ((ground > FREE_MATERIALS && !OPEN_GROUND.has(ground)) || (scene.height[cell] ?? 0) > 0) return false;
  if ((scene.tree[cell] ?? 0) > 0) return false;
  const id = scene.trees.push(tree);
  forDisc(scene, tree, tree.radiusM, (c) => {
    if ((scene.tree[c] ?? 0) === 0) scene.tree[c] = id;
  });
  if (trunkM <= 0) return true;
  const trunkCm = Math.round(trunkM * 100);
  forDisc(scene, tree, (tree.radiusM > 3 ? 0.4 : 0.3) * scene.trunks, (c) => {
    scene.height[c] = trunkCm;
    scene.material[c] = M.trunk;
  });
  return true;
}
