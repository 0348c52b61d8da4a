// What the crops of both training stages draw: a symmetry of the ground and a shift.
import type { Rng } from 'skyfix/random';
import type { Stage3Config } from '../../config/index.js';

/** Numbers of the stores in the loader. */
export const STORES = { queries: 0, tiles: 1, gallery: 2 } as const;

/** One of the symmetries that `flip` allows. */
export function drawDihedral(flip: Stage3Config['augment']['flip'], rng: Rng): number {
  if (flip === 'none') return 0;
  return flip === 'horizontal' ? rng.int(0, 1) : rng.int(0, 7);
}

/** How far off the camera both images of a pair are cut, pixels of the stored images. */
export interface Shift {
  readonly eastPx: number;
  readonly southPx: number;
}

/** Up to mostPx either way; nothing is drawn where that is 0. */
export function drawShift(mostPx: number, rng: Rng): Shift {
  if (mostPx <= 0) return { eastPx: 0, southPx: 0 };
  return { eastPx: rng.int(-mostPx, mostPx), southPx: rng.int(-mostPx, mostPx) };
}
