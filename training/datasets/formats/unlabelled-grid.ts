// The unlabelled tiles of own panoramas: a grid over the imagery that shows neither the place of a photo with GPS nor
// ground that a run is measured on.
import { type Bounds, type LonLat, offsetLonLat } from 'skyfix/geometry';
import { gridCentres } from 'skyfix/index';
import type { Split } from '../../common/index.js';
import { APART_TILES, PlaceGrid } from '../../common/index.js';

export interface UnlabelledGrid {
  /** Distance of neighbouring tiles, metres. */
  readonly strideM: number;
  /** Tiles nearer than this to a photo with GPS show its place again, and would be false new places, metres. */
  readonly apartM: number;
}

/**
 * Centres in rows from south to north over the imagery's bounds; there may be no imagery around some. Left out is what
 * - lies within apartM of a photo,
 * - has ground, its margin included, in a block of validation or test,
 * - has ground in the tile of one of their photos, which reaches out of its block.
 * Throws PARAMETER_INVALID for more than 20 million centres.
 */
export function unlabelledCentres(
  bounds: Bounds,
  photos: readonly { readonly place: LonLat; readonly split: Split }[],
  splitAt: (place: LonLat) => Split,
  {
    strideM,
    apartM,
    tileSizeM,
    marginM,
  }: UnlabelledGrid & { readonly tileSizeM: number; readonly marginM: number },
): readonly { readonly name: string; readonly centre: LonLat }[] {
  const wideM = tileSizeM + 2 * marginM;
  const heldOutM = (APART_TILES * (tileSizeM + wideM)) / 2;
  const placesOf = (some: typeof photos) => some.map(({ place }) => place);
  const all = new PlaceGrid(placesOf(photos), Math.max(apartM, 1));
  const heldOut = new PlaceGrid(placesOf(photos.filter(({ split }) => split !== 'train')), heldOutM);
  const corners = [-0.5, 0, 0.5].flatMap((east) =>
    [-0.5, 0, 0.5].map((north) => [east * wideM, north * wideM] as const),
  );
  const grid = gridCentres(bounds, wideM, strideM);
  return Array.from({ length: grid.count }, (_, number) => number).flatMap((number) => {
    const centre = grid.place(number);
    const forTraining =
      all.within(centre, apartM).length === 0 &&
      heldOut.within(centre, heldOutM).length === 0 &&
      corners.every(([east, north]) => splitAt(offsetLonLat(centre, east, north)) === 'train');
    return forTraining ? [{ name: `grid/${grid.name(number)}`, centre }] : [];
  });
}
