// The centres of a grid of overlapping tiles over the ground around some places.
import { type LonLat, localOffsetM, offsetLonLat } from 'skyfix/geometry';
import { PlaceGrid } from '../common/index.js';

/**
 * Centres every strideM metres, counted from the first place, in the bounding box of the places, that lie within a tile of
 * one of them; rows from south to north, each from west to east. Meant for areas of some kilometres.
 */
export function gridAround(places: readonly LonLat[], tileSizeM: number, strideM: number): readonly LonLat[] {
  const [first] = places;
  if (!first) return [];
  const offsets = places.map((place) => localOffsetM(first, place));
  const range = (values: readonly number[]) => {
    const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0]);
    return { low: Math.floor(low / strideM), high: Math.ceil(high / strideM) };
  };
  const east = range(offsets.map(({ eastM }) => eastM));
  const north = range(offsets.map(({ northM }) => northM));
  const near = new PlaceGrid(places, tileSizeM);
  const centres: LonLat[] = [];
  for (let row = north.low; row <= north.high; row++) {
    for (let column = east.low; column <= east.high; column++) {
      const centre = offsetLonLat(first, column * strideM, row * strideM);
      if (near.within(centre, tileSizeM).length > 0) {
        centres.push(centre);
      }
    }
  }
  return centres;
}
