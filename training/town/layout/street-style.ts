// What each street is like, derived from its hash so that every pass that draws it agrees.
import { makeRng } from 'skyfix/random';
import { M } from '../scene/materials.js';
import type { Street } from './streets.js';

/** The style of a street; derived from its hash so that every pass agrees. */
export interface StreetStyle {
  /** What the carriageway is mostly made of, and what its rebuilt sections may be made of. */
  readonly surface: number;
  readonly rebuilt: readonly number[];
  readonly pavements: readonly number[];
  readonly dash: number;
  readonly centre: boolean;
  readonly bays: 'none' | 'left' | 'right' | 'both';
  readonly bikes: boolean;
  readonly median: boolean;
  readonly verge: boolean;
}

export function styleOf(street: Street): StreetStyle {
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), 3);
  const old = street.district === 'old-town';
  const surface = old
    ? rng.pick([M.cobble, M.cobble, M.asphalt, M.brick])
    : street.kind === 'lane'
      ? rng.pick([M.asphaltOld, M.brick, M.gravel, M.concrete])
      : street.district === 'industry'
        ? rng.pick([M.asphalt, M.asphaltOld, M.busPad])
        : rng.pick([M.asphalt, M.asphalt, M.asphaltOld, M.asphaltNew]);
  const wide = street.kind === 'avenue' || street.kind === 'street';
  return {
    surface: street.kind === 'avenue' ? rng.pick([M.asphalt, M.asphaltNew]) : surface,
    rebuilt: old
      ? [M.cobble, M.asphalt, M.brick, M.asphaltOld, M.cobble]
      : [
          M.asphalt,
          M.asphaltOld,
          M.asphaltNew,
          M.asphaltNew,
          street.kind === 'avenue' ? M.asphaltOld : M.brick,
        ],
    pavements: old
      ? [M.slabWarm, M.cobble, M.slab, M.slabDark]
      : [M.slab, M.slabDark, M.slab, M.brick, M.asphaltOld, M.slabWarm],
    dash: rng.pick([3, 4, 6]),
    centre:
      wide || (surface !== M.cobble && surface !== M.brick && street.kind !== 'lane' && rng.chance(0.35)),
    bays:
      street.kind === 'lane' || street.kind === 'avenue'
        ? 'none'
        : rng.pick(['none', 'left', 'right', 'both']),
    bikes: wide && rng.chance(0.55),
    median: street.kind === 'avenue' && rng.chance(0.6),
    verge: !old && street.kind !== 'lane' && rng.chance(0.35),
  };
}

/** Streets are rebuilt piece by piece: the material at a length along the street, `stay` the share that keeps the usual one. */
export function sections(
  street: Street,
  stream: number,
  usual: number,
  others: readonly number[],
  stay: number,
): (alongM: number) => number {
  const rng = makeRng(Math.floor(street.hash * 2 ** 31), stream);
  const parts: { readonly endM: number; readonly value: number }[] = [];
  for (let endM = 0; endM < street.lengthM; ) {
    endM += rng.range(7, 26);
    parts.push({ endM, value: rng.chance(stay) ? usual : rng.pick(others) });
  }
  return (alongM) => parts.find((part) => alongM < part.endM)?.value ?? usual;
}

/** Strip beside the carriageway: 2.25 m parking bays on one or both sides. */
export const BAY_M = 2.25;

/** Whether cars park on the left (left > 0) or right side. */
export function sideBay(style: StreetStyle, left: number): boolean {
  return style.bays === 'both' || (left > 0 ? style.bays === 'left' : style.bays === 'right');
}
