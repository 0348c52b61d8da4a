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

/** The k best hits of several looks at one query: each row counts with its best score. */
export async function searchLooks(
  index: VectorIndex,
  looks: readonly Float32Array[],
  k: number,
  allowed?: Uint32Array,
): Promise<readonly Hit[]> {
  const answers = await Promise.all(looks.map((look) => index.search(look, k, allowed)));
  const best = new Map<number, Hit>();
  for (const hit of answers.flat()) {
    const known = best.get(hit.row);
    if (!known || hit.score > known.score) best.set(hit.row, hit);
  }
  return [...best.values()].sort(compareHits).slice(0, k);
}

/** The k best places; asks the index for more hits until there are k or the candidates end. */
export async function searchPlaces(
  index: VectorIndex,
  catalogue: Catalogue,
  looks: readonly Float32Array[],
  k: number,
  allowed?: Uint32Array,
): Promise<Hit[]> {
  const candidates = allowed ? allowed.length : index.count;
  for (let wanted = Math.max(64, 16 * k); ; wanted *= 4) {
    const places = mergePlaces(await searchLooks(index, looks, wanted, allowed), catalogue, k);
    if (places.length >= k || wanted >= candidates) return places;
  }
}
