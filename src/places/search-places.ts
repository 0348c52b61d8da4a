// Places of looks, found by the thread that holds the tiles where there is one, and here otherwise.
import type { Look } from '../describe/index.js';
import { findPlaces, findTiles, type SearchableTiles } from './find-places.js';
import type { PlaceHit } from './merge-places.js';
import { PlaceFinder } from './place-finder.js';
import type { Prior } from './priors.js';

/** See findPlaces. */
export function searchPlaces(
  tiles: SearchableTiles,
  looks: readonly Look[],
  k: number,
  prior?: Prior,
  leastHits?: number,
): Promise<readonly PlaceHit[]> {
  const { index } = tiles;
  const question = { k, prior, leastHits };
  return index instanceof PlaceFinder ? index.places(looks, question) : findPlaces(tiles, looks, question);
}

/** See findTiles. */
export function searchTiles(
  tiles: SearchableTiles,
  looks: readonly Look[],
  k: number,
  prior?: Prior,
): Promise<readonly PlaceHit[]> {
  const { index } = tiles;
  const question = { k, prior };
  return index instanceof PlaceFinder ? index.tiles(looks, question) : findTiles(tiles, looks, question);
}
