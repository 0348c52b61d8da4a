// What a thread that holds a region's tiles answers to PlaceRequests, beside what it answers as an index.
import { findPlaces, findTiles, type SearchableTiles } from './find-places.js';
import type { LooksMessage, PlaceQuestion } from './place-requests.js';

/** `queriesOf` takes the descriptors of a message apart; see queryReader. */
export function placeAnswers(tiles: SearchableTiles, queriesOf: (all: Float32Array) => Float32Array[]) {
  const looksOf = ({ offsets, descriptors }: LooksMessage) =>
    queriesOf(descriptors).map((descriptor, k) => ({
      eastM: offsets[2 * k] as number,
      northM: offsets[2 * k + 1] as number,
      descriptor,
    }));
  return {
    places: (request: LooksMessage & PlaceQuestion) => findPlaces(tiles, looksOf(request), request),
    tiles: (request: LooksMessage & PlaceQuestion) => findTiles(tiles, looksOf(request), request),
  };
}
