// Which places are look-alikes because they lie near each other.
import { distanceM, type LonLat } from 'skyfix/geometry';
import { PlaceGrid } from './place-grid.js';

/** For each place, the numbers of those from lowM to highM away, ascending; none where a place is not known. */
export function nearPlaces(
  places: readonly (LonLat | undefined)[],
  lowM: number,
  highM: number,
): readonly (readonly number[])[] {
  const grid = new PlaceGrid(places, highM);
  return places.map((place) => {
    if (!place) return [];
    return grid.within(place, highM).filter((k) => distanceM(place, places[k] as LonLat) >= lowM);
  });
}
