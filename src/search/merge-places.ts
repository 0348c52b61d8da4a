// Overlapping tiles answer together; a place is the best of them.
import { distanceM } from '../geometry/index.js';
import type { Catalogue } from './catalogue.js';
import { compareHits } from './exact-index.js';
import type { Hit, VectorIndex } from './types.js';

/** Keeps the best hit of each place: a hit within half a tile's width of a better one belongs to it. At most k. */
export function mergePlaces(hits: readonly Hit[], catalogue: Catalogue, k: number): Hit[] {
  const places: { hit: Hit; tile: ReturnType<Catalogue['tile']> }[] = [];
  for (const hit of [...hits].sort(compareHits)) {
    if (places.length >= k) break;
    const tile = catalogue.tile(hit.row);
    if (places.every((place) => distanceM(place.tile, tile) > place.tile.sizeM / 2))
      places.push({ hit, tile });
  }
  return places.map(({ hit }) => hit);
}

/** The k best places; asks the index for more hits until there are k or the candidates end. */
export async function searchPlaces(
  index: VectorIndex,
  catalogue: Catalogue,
  descriptor: Float32Array,
  k: number,
  allowed?: Uint32Array,
): Promise<Hit[]> {
  const candidates = allowed ? allowed.length : index.count;
  for (let wanted = Math.max(64, 16 * k); ; wanted *= 4) {
    const places = mergePlaces(await index.search(descriptor, wanted, allowed), catalogue, k);
    if (places.length >= k || wanted >= candidates) return places;
  }
}
