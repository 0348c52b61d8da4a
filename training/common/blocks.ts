// Splits by location: whole blocks of ground go to one split, so that test places are far from what was trained on.
import type { LonLat } from 'skyfix/geometry';
import { hash3 } from 'skyfix/random';
import type { Split } from './splits.js';

/** A degree of latitude, metres. */
const DEGREE_M = 111_195;
/** Square tiles whose middles are this many sides apart share no ground, however they lie to each other. */
export const APART_TILES = Math.SQRT2;
/** Share of the blocks for each split. */
export interface SplitShares {
  readonly validation: number;
  readonly test: number;
}

/**
 * The split of the block of blockM x blockM that a place lies in. Blocks are counted from the equator and from Greenwich
 * and drawn by the seed and their number alone: further photos never move a place into another split.
 */
export function splitOfBlock(place: LonLat, blockM: number, seed: number, shares: SplitShares): Split {
  const row = Math.floor((place.lat * DEGREE_M) / blockM);
  const middleLatDeg = ((row + 0.5) * blockM) / DEGREE_M;
  const degreeM = DEGREE_M * Math.max(0.01, Math.cos((middleLatDeg * Math.PI) / 180));
  const column = Math.floor((place.lon * degreeM) / blockM);
  const drawn = hash3(column, row, seed);
  if (drawn < shares.test) return 'test';
  return drawn < shares.test + shares.validation ? 'validation' : 'train';
}
