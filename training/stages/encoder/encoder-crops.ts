// The augmentation of stage 3: both images of a pair are cut off the camera by the same shift and take the same symmetry
// and turn of the ground, the tile a random offset besides, and each its own colours. A function of (seed, step) alone.

import { makeRng } from 'skyfix/random';
import type { Crop } from '../../batches/index.js';
import { drawDihedral, drawShift, STORES } from '../common/draws.js';
import type { EncoderData, TrainingPair } from './encoder-data.js';
import type { EncoderOptions } from './options.js';

/** Streams of the generator that crops draw from; a step takes two for each slot. */
const CROP_STREAM = 100_000_000;
const SLOTS = 4096;

/** The crops of a step: the queries, then their tiles in the same order. */
export function encoderCrops(
  data: EncoderData,
  pairs: readonly TrainingPair[],
  sizePx: number,
  step: number,
  { seed, augment }: Pick<EncoderOptions, 'seed' | 'augment'>,
): Crop[] {
  const rng = makeRng(seed, step);
  const { flip, turnDeg, jitter } = augment;
  const offsetPx = Math.min(augment.offsetPx, data.marginPx);
  const middle = data.panorama ? 0 : (data.queries.sizePx - sizePx) >> 1;
  const shiftPx = Math.min(middle, data.marginPx - offsetPx);
  const queries: Crop[] = [];
  const tiles: Crop[] = [];
  pairs.forEach((pair, slot) => {
    const common = {
      sizePx,
      dihedral: drawDihedral(flip, rng),
      jitter,
      seed,
      range: 'unit' as const,
      ...(turnDeg > 0 && { turnDeg: rng.range(-turnDeg, turnDeg) }),
    };
    const stream = CROP_STREAM + 2 * (step * SLOTS + slot);
    const { eastPx, southPx } = drawShift(shiftPx, rng);
    queries.push({
      ...common,
      store: STORES.queries,
      row: pair.query,
      leftPx: middle + eastPx,
      topPx: middle + southPx,
      stream,
      ...(data.panorama && { panorama: true }),
    });
    const offset = drawShift(offsetPx, rng);
    const own = 'row' in pair;
    tiles.push({
      ...common,
      store: own ? STORES.tiles : STORES.gallery,
      row: own ? pair.row : pair.tile,
      leftPx: data.marginPx + eastPx + offset.eastPx,
      topPx: data.marginPx + southPx + offset.southPx,
      stream: stream + 1,
    });
  });
  return [...queries, ...tiles];
}
