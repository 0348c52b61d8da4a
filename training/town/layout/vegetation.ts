// Plants of worlds: shrubs, and trees as tall as those of a forest.
import type { Rng } from 'skyfix/random';
import { CELLS_PER_M, type Scene } from '../scene/scene.js';
import type { Point } from '../scene/stamp.js';
import { placeTree } from './trees.js';

/** A shrub: a crown that reaches the ground, without a trunk. */
export function plantShrub(scene: Scene, at: Point, rng: Rng, radiusM: number): boolean {
  const halfHeightM = radiusM * rng.range(0.5, 0.9);
  const tree = { ...at, radiusM, centreM: halfHeightM * 0.6, halfHeightM, kind: 0, hash: rng.next() };
  return placeTree(scene, tree, 0);
}

/** A tree of a forest: a high crown on a long trunk. */
export function plantForestTree(scene: Scene, at: Point, rng: Rng, kind: number, radiusM: number): boolean {
  const conifer = kind === 1;
  const halfHeightM = radiusM * (conifer ? rng.range(1.8, 2.8) : rng.range(0.9, 1.5));
  const clearM = conifer ? 1 : rng.range(2, 5);
  const tree = { ...at, radiusM, centreM: clearM + halfHeightM * 0.9, halfHeightM, kind, hash: rng.next() };
  return placeTree(scene, tree, clearM + halfHeightM * 0.4);
}

/** The material under a point, or -1 outside. */
export function materialAt(scene: Scene, at: Point): number {
  const ix = Math.floor(at.x * CELLS_PER_M);
  const iy = Math.floor(at.y * CELLS_PER_M);
  if (ix < 0 || iy < 0 || ix >= scene.n || iy >= scene.n) return -1;
  return scene.material[iy * scene.n + ix] as number;
}
