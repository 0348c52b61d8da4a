// Overlapping tiles answer together; a place is the best of them.
import { distanceM, type LonLat, localOffsetM, offsetLonLat } from '../geometry/index.js';
import type { Catalogue, Hit, VectorIndex } from '../search/index.js';
import { compareHits } from '../search/index.js';
import {
  candidateLooks,
  coarseLooks,
  type Look,
  type Offset,
  scorePositions,
  shiftsOntoTile,
  shiftsToNeighbours,
} from './score-positions.js';

/** A place on the map: where the camera probably stood, the row of the tile whose centre is nearest, and a score of at most 1. */
export interface PlaceHit extends Hit, LonLat {}

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

/**
 * The k best places; asks the index for more hits until there are k or the candidates end. With one look a place is its
 * best tile's centre and its cosine; with a lattice of looks it is a position between the tiles (see scorePositions).
 */
export async function searchPlaces(
  index: VectorIndex,
  catalogue: Catalogue,
  looks: readonly Look[],
  k: number,
  allowed?: Uint32Array,
): Promise<PlaceHit[]> {
  const candidates = allowed ? allowed.length : index.count;
  const finders = candidateLooks(looks).map(({ descriptor }) => descriptor);
  for (let wanted = Math.max(looks.length === 1 ? 64 : 128, 16 * k); ; wanted *= 4) {
    const hits = await searchLooks(index, finders, wanted, allowed);
    const places =
      looks.length === 1
        ? mergePlaces(hits, catalogue, k).map((hit) => ({ ...placeOfTile(catalogue, hit.row), ...hit }))
        : await positionsAround(index, catalogue, looks, hits, k, allowed);
    if (places.length >= k || wanted >= candidates) return places;
  }
}

/** Where a row's tile has its centre. */
export const placeOfTile = (catalogue: Catalogue, row: number): LonLat => {
  const { lon, lat } = catalogue.tile(row);
  return { lon, lat };
};

/** Coarse positions that are looked at closely, at least. */
const COARSE_POSITIONS = 48;

/**
 * Places between the tiles of the hits and those around them, in a plane around the best hit: first by every second look,
 * then by all of them around the best positions.
 */
async function positionsAround(
  index: VectorIndex,
  catalogue: Catalogue,
  looks: readonly Look[],
  hits: readonly Hit[],
  k: number,
  allowed: Uint32Array | undefined,
): Promise<PlaceHit[]> {
  const [first] = hits;
  if (!first) return [];
  const { sizeM, ...origin } = catalogue.tile(first.row);
  const permitted = allowed && new Set(allowed);
  const reachM = Math.max(...looks.map(({ eastM }) => Math.abs(eastM)));
  const toPlane = (place: LonLat): Offset => localOffsetM(origin, place);
  /** Positions around some centres, with the evidence of all tiles that may speak for them. */
  const score = async (
    some: readonly Look[],
    centres: readonly Offset[],
    shifts: readonly Offset[],
    apartM: number,
    count: number,
  ) => {
    const shiftM = Math.max(...shifts.map(({ eastM }) => Math.abs(eastM)));
    // The corner of the square in which a position lies, and of the lattice around it, with a step to spare.
    const radiusM = Math.SQRT2 * (1.1 * reachM + shiftM);
    const near = new Set<number>();
    for (const { eastM, northM } of centres) {
      for (const row of catalogue.rowsInRadius(offsetLonLat(origin, eastM, northM), radiusM)) {
        if (!permitted || permitted.has(row)) near.add(row);
      }
    }
    const rows = Uint32Array.from(near).sort();
    const tiles = Array.from(rows, (row) => toPlane(placeOfTile(catalogue, row)));
    const descriptors = some.map(({ descriptor }) => descriptor);
    const similarities = await index.similarities(descriptors, rows);
    const positions = scorePositions(some, tiles, similarities, centres, shifts, apartM, count);
    return positions.map((position) => ({ ...position, row: rows[position.tile] as number }));
  };
  const candidates = hits.map(({ row }) => toPlane(placeOfTile(catalogue, row)));
  const every = coarseLooks(looks);
  const many = Math.max(COARSE_POSITIONS, 8 * k);
  const coarse = await score(every, candidates, shiftsOntoTile(every), sizeM / 6, many);
  const fine = await score(looks, coarse, shiftsToNeighbours(looks), sizeM / 2, k);
  return fine.map(({ eastM, northM, row, score: own }) => ({
    ...offsetLonLat(origin, eastM, northM),
    row,
    score: own,
  }));
}
