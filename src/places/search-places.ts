// From the looks of one view to places: candidates by a few looks, then positions between the tiles by all of them.
import type { Look, Offset } from '../describe/index.js';
import { distanceM, type LonLat, localOffsetM, offsetLonLat } from '../geometry/index.js';
import type { Catalogue, Hit, VectorIndex } from '../search/index.js';
import { LookLattice } from './look-lattice.js';
import { mergePlaces, type PlaceHit, placesOfTiles, searchLooks } from './merge-places.js';
import { nearestInside, type Prior, rowsWithin } from './priors.js';
import {
  bestApart,
  type ScoredPosition,
  scorePositions,
  shiftsOntoTile,
  shiftsToNeighbours,
  type Trial,
} from './score-positions.js';

/** Tiles that can be searched: row k of the index is row k of the catalogue. */
export interface SearchableTiles {
  readonly index: VectorIndex;
  readonly catalogue: Catalogue;
}

/**
 * The k best places; asks the index for more hits until there are k or the candidates end. With one look a place is its
 * best tile's centre and its cosine; with a lattice of looks it is a position between the tiles (see scorePositions).
 * With a prior every place lies inside of it, and the tiles within reach of it are the candidates. `leastHits` of the index
 * are compared, or more for many places: fewer are quicker and may miss a place that no look shows well.
 */
export async function searchPlaces(
  tiles: SearchableTiles,
  looks: readonly Look[],
  k: number,
  prior?: Prior,
  leastHits = looks.length === 1 ? 64 : 128,
): Promise<PlaceHit[]> {
  const { index, catalogue } = tiles;
  const lattice = looks.length === 1 ? undefined : new LookLattice(looks);
  const allowed = prior && rowsWithin(catalogue, prior, reachOfTiles(catalogue, lattice));
  const candidates = allowed ? allowed.length : index.count;
  if (candidates === 0) return [];
  const finders = (lattice?.finders() ?? looks).map(({ descriptor }) => descriptor);
  for (let wanted = Math.max(leastHits, 16 * k); ; wanted *= 4) {
    const hits = await searchLooks(index, finders, wanted, allowed);
    const between = lattice ? await placesBetween(tiles, lattice, hits, k, prior) : [];
    // A prior may leave nothing but ground between the tiles that no look reaches.
    const places =
      between.length > 0 ? between : mergePlaces(placesOfTiles(hits, catalogue, prior), catalogue, k);
    if (places.length >= k || wanted >= candidates) return places;
  }
}

/** How far from a tile's centre a camera may stand that it speaks for: on its ground, or where a look shows it; metres. */
function reachOfTiles(catalogue: Catalogue, lattice: LookLattice | undefined): number {
  const looksM = lattice ? lattice.reachM + lattice.stepM / 2 : 0;
  return Math.SQRT2 * Math.max(looksM, catalogue.largestSizeM / 2);
}

/** Coarse positions that are looked at closely, at least. */
const COARSE_POSITIONS = 48;

/**
 * Places between the tiles of the hits and those around them, in a plane around the best hit: first by every second look,
 * then by all of them around the best positions.
 */
async function placesBetween(
  tiles: SearchableTiles,
  lattice: LookLattice<Look>,
  hits: readonly Hit[],
  k: number,
  prior: Prior | undefined,
): Promise<PlaceHit[]> {
  const { catalogue } = tiles;
  const [first] = hits;
  if (!first) return [];
  const { sizeM } = catalogue.tile(first.row);
  const origin = catalogue.place(first.row);
  const centres = hits.map(({ row }) => localOffsetM(origin, catalogue.place(row)));
  const coarse = lattice.coarse();
  const tried = await scoreAround(tiles, lattice.reachM, coarse, origin, {
    centres,
    shifts: shiftsOntoTile(coarse),
    allow: prior && allowIn(prior, origin, coarse.stepM),
  });
  const best = bestApart(tried.positions, sizeM / 6, Math.max(COARSE_POSITIONS, 8 * k));
  const close = await scoreAround(tiles, lattice.reachM, lattice, origin, {
    centres: best,
    shifts: shiftsToNeighbours(lattice),
    allow: prior && allowIn(prior, origin, lattice.stepM),
  });
  return bestApart(close.positions, sizeM / 2, k).map((position) => {
    const { eastM, northM, row, score } = position;
    const place = offsetLonLat(origin, eastM, northM);
    const agreement = agreementOn(position, close.votes);
    return { ...(prior ? nearestInside(prior, place) : place), row, score, agreement };
  });
}

/** Moves positions half a step beside a prior into it: one smaller than the lattice's cells may lie between its points. */
function allowIn(prior: Prior, origin: LonLat, stepM: number): NonNullable<Trial['allow']> {
  const mostM = stepM * Math.SQRT1_2 + 0.01;
  return (position) => {
    const place = offsetLonLat(origin, position.eastM, position.northM);
    const inside = nearestInside(prior, place);
    if (inside === place) return position;
    return distanceM(place, inside) <= mostM ? localOffsetM(origin, inside) : undefined;
  };
}

type ScoredRow = ScoredPosition & { readonly row: number };

/** A vote is for a position where it lies so near, metres: half the diagonal of a grid of tiles 16 m apart, rounded up. */
const VOTE_M = 12;

/** Share of the votes that are for a position. */
function agreementOn({ eastM, northM }: Offset, votes: readonly Offset[]): number {
  const near = votes.filter((vote) => Math.hypot(vote.eastM - eastM, vote.northM - northM) <= VOTE_M);
  return near.length / votes.length;
}

interface ScoredRows {
  readonly positions: readonly ScoredRow[];
  /** Where the camera stood by each look alone: beside the tile that is most like it. */
  readonly votes: readonly Offset[];
}

/** The positions of a trial with the evidence of all tiles that may speak for them; `row` is the nearest tile's. */
async function scoreAround(
  { index, catalogue }: SearchableTiles,
  reachM: number,
  lattice: LookLattice<Look>,
  origin: LonLat,
  trial: Trial,
): Promise<ScoredRows> {
  const shiftM = Math.max(...trial.shifts.map(({ eastM }) => Math.abs(eastM)));
  const spareM = trial.allow ? lattice.stepM : 0;
  // The corner of the square in which a position lies, and of the lattice around it, with half a step to spare.
  const radiusM = Math.SQRT2 * (Math.max(1.1 * reachM, lattice.reachM + lattice.stepM / 2) + shiftM + spareM);
  const around = new Set<number>();
  for (const { eastM, northM } of trial.centres) {
    for (const row of catalogue.rowsInRadius(offsetLonLat(origin, eastM, northM), radiusM)) around.add(row);
  }
  const rows = Uint32Array.from(around).sort();
  const places = Array.from(rows, (row): Offset => localOffsetM(origin, catalogue.place(row)));
  const descriptors = lattice.looks.map(({ descriptor }) => descriptor);
  const similarities = await index.similarities(descriptors, rows);
  const positions = scorePositions({ lattice, tiles: places, similarities }, trial);
  return {
    positions: positions.map((position) => ({ ...position, row: rows[position.tile] as number })),
    votes: votesOf(lattice, places, similarities),
  };
}

function votesOf(
  lattice: LookLattice<Look>,
  tiles: readonly Offset[],
  similarities: readonly Float32Array[],
): Offset[] {
  if (tiles.length === 0) return [];
  return lattice.looks.map(({ eastM, northM }, l) => {
    const tile = tiles[indexOfHighest(similarities[l] ?? new Float32Array())] as Offset;
    return { eastM: tile.eastM - eastM, northM: tile.northM - northM };
  });
}

function indexOfHighest(values: Float32Array): number {
  let highest = 0;
  for (let k = 1; k < values.length; k++)
    if ((values[k] as number) > (values[highest] as number)) highest = k;
  return highest;
}
