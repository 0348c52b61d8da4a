// Overlapping tiles answer together; a place is the best of them.
import { distanceM, type LonLat } from '../geometry/index.js';
import { type Catalogue, compareHits, type Hit } from '../search/index.js';
import { nearestInside, type Prior } from './priors.js';

/** A place on the map: where the camera probably stood, the row of the tile whose centre is nearest, and a score of at most 1. */
export interface PlaceHit extends Hit, LonLat {
  /** Share of the looks whose own best tile says that the camera stood within VOTE_M of here; absent where there is one look. */
  readonly agreement?: number;
}

/** The places of single tiles: their centres, or where a prior leaves them out the points of the prior nearest to them. */
export function placesOfTiles(hits: readonly Hit[], catalogue: Catalogue, prior?: Prior): PlaceHit[] {
  return hits.map((hit) => {
    const centre = catalogue.place(hit.row);
    return { ...(prior ? nearestInside(prior, centre) : centre), ...hit };
  });
}

/** Keeps the best hit of each place: one within half a tile's width of a better one belongs to it. At most k. */
export function mergePlaces(hits: readonly PlaceHit[], catalogue: Catalogue, k: number): PlaceHit[] {
  const places: { hit: PlaceHit; reachM: number }[] = [];
  for (const hit of [...hits].sort(compareHits)) {
    if (places.length >= k) break;
    if (places.every((place) => distanceM(place.hit, hit) > place.reachM))
      places.push({ hit, reachM: catalogue.tile(hit.row).sizeM / 2 });
  }
  return places.map(({ hit }) => hit);
}
