// From the looks of one view to places: candidates by a few looks, then positions between the tiles by all of them.
import type { DescriptorMap } from '../bundles/index.js';
import type { Look, Offset } from '../describe/index.js';
import { distanceM, type LonLat, localOffsetM, offsetLonLat } from '../geometry/index.js';
import type { Catalogue, Hit, VectorIndex } from '../search/index.js';
import { looksOfMap } from './ground-map.js';
import { LookLattice } from './look-lattice.js';
import { mergePlaces, type PlaceHit, placesOfTiles } from './merge-places.js';
import type { PlaceQuestion } from './place-requests.js';
import { nearestInside, type Prior, rowsWithin } from './priors.js';
import {
  bestApart,
  planTrial,
  type ScoredPosition,
  type Surroundings,
  scorePositions,
  shiftsOntoTile,
  shiftsToNeighbours,
  type Trial,
  type Votes,
  votesOfLooks,
  votesOfMap,
} from './score-positions.js';

/** Tiles that can be searched: row k of the index is row k of the catalogue. */
export interface SearchableTiles {
  readonly index: VectorIndex;
  readonly catalogue: Catalogue;
  /** How the descriptors are made up, where they are maps of the tiles' ground. */
  readonly map?: DescriptorMap | undefined;
}

/**
 * The k best places; asks the index for more hits until there are k or the candidates end. With one look a place is its
 * best tile's centre and its cosine; with a lattice of looks it is a position between the tiles (see scorePositions).
 * With a prior every place lies inside of it, and the tiles within reach of it are the candidates. `leastHits` of the index
 * are compared, or more for many places: fewer are quicker and may miss a place that no look shows well.
 */
export async function findPlaces(
  tiles: SearchableTiles,
  looks: readonly Look[],
  { k, prior, leastHits = looks.length === 1 ? 64 : 128 }: PlaceQuestion,
): Promise<PlaceHit[]> {
  const { index, catalogue, map } = tiles;
  const lattice = looks.length === 1 ? undefined : new LookLattice(looks);
  const allowed = prior && rowsWithin(catalogue, prior, reachOfTiles(catalogue, lattice));
  const candidates = allowed ? allowed.length : index.count;
  if (candidates === 0) return [];
  const finders = (lattice?.finders() ?? looks).map(({ descriptor }) => descriptor);
  const stages = lattice && stagesOf(lattice, map);
  for (let wanted = Math.max(leastHits, 16 * k); ; wanted *= 4) {
    const hits = await index.searchLooks(finders, wanted, allowed);
    const between = lattice && stages ? await placesBetween(tiles, lattice, stages, hits, k, prior) : [];
    // A prior may leave nothing but ground between the tiles that no look reaches.
    const places =
      between.length > 0 ? between : mergePlaces(placesOfTiles(hits, catalogue, prior), catalogue, k);
    if (places.length >= k || wanted >= candidates) return places;
  }
}

/** The k best tiles, each with its best score, where its centre is; with a prior those whose centre lies inside of it. */
export async function findTiles(
  { index, catalogue }: SearchableTiles,
  looks: readonly Look[],
  { k, prior }: PlaceQuestion,
): Promise<PlaceHit[]> {
  const allowed = prior && rowsWithin(catalogue, prior, 0);
  const candidates = allowed?.length ?? index.count;
  if (candidates === 0) return [];
  const descriptors = looks.map(({ descriptor }) => descriptor);
  return placesOfTiles(await index.searchLooks(descriptors, Math.min(k, candidates), allowed), catalogue);
}

/** How far from a tile's centre a camera may stand that it speaks for: on its ground, or where a look shows it; metres. */
function reachOfTiles(catalogue: Catalogue, lattice: LookLattice | undefined): number {
  const looksM = lattice ? lattice.reachM + lattice.stepM / 2 : 0;
  return Math.SQRT2 * Math.max(looksM, catalogue.largestSizeM / 2);
}

/** Coarse positions that are looked at closely, at least. */
const COARSE_POSITIONS = 48;

/** How positions are tried: which ones around a centre, and by what looks they are scored. */
interface Stage {
  readonly lattice: LookLattice<Look>;
  readonly votes: Votes;
  readonly shifts: readonly Offset[];
  /** Between the positions, metres. */
  readonly stepM: number;
}

/** First around tiles, then around the best of those positions: by every second look and all, or by a map of the ground. */
function stagesOf(lattice: LookLattice<Look>, map: DescriptorMap | undefined): readonly [Stage, Stage] {
  const coarse = lattice.coarse();
  const ground = map && looksOfMap(lattice, map);
  if (ground) {
    const scored = { lattice: ground, votes: votesOfMap(ground) };
    return [
      { ...scored, shifts: shiftsOntoTile(coarse), stepM: coarse.stepM },
      { ...scored, shifts: shiftsToNeighbours(ground), stepM: ground.stepM },
    ];
  }
  return [
    { lattice: coarse, votes: votesOfLooks(coarse), shifts: shiftsOntoTile(coarse), stepM: coarse.stepM },
    { lattice, votes: votesOfLooks(lattice), shifts: shiftsToNeighbours(lattice), stepM: lattice.stepM },
  ];
}

/**
 * Places between the tiles of the hits and those around them, in a plane around the best hit: first coarsely, then closely
 * around the best positions.
 */
async function placesBetween(
  tiles: SearchableTiles,
  lattice: LookLattice<Look>,
  [coarse, fine]: readonly [Stage, Stage],
  hits: readonly Hit[],
  k: number,
  prior: Prior | undefined,
): Promise<PlaceHit[]> {
  const { index, catalogue } = tiles;
  const [first] = hits;
  if (!first) return [];
  const { sizeM } = catalogue.tile(first.row);
  const origin = catalogue.place(first.row);
  const spareM = prior ? coarse.stepM + fine.stepM : 0;
  const within = { origin, radiusM: reachOfPositions(coarse, fine, spareM) };
  const centres = hits.map(({ row }) => ({ row, ...localOffsetM(origin, catalogue.place(row)) }));
  const tried = await scoreAround(tiles, within, coarse, centres, prior);
  const best = bestApart(tried.positions, sizeM / 6, Math.max(COARSE_POSITIONS, 8 * k));
  const close = await scoreAround(tiles, within, fine, best.map(tried.withRow), prior);
  const votes = await votesOf(index, lattice, close, votersReachM(lattice, prior ? lattice.stepM : 0));
  return bestApart(close.positions, sizeM / 2, k).map((position) => {
    const { eastM, northM, row, score } = close.withRow(position);
    const place = offsetLonLat(origin, eastM, northM);
    const agreement = agreementOn(position, votes);
    return { ...(prior ? nearestInside(prior, place) : place), row, score, agreement };
  });
}

/** A vote is for a position where it lies so near, metres: half the diagonal of a grid of tiles 16 m apart, rounded up. */
const VOTE_M = 12;

/** Share of the votes that are for a position. */
function agreementOn({ eastM, northM }: Offset, votes: readonly Offset[]): number {
  const near = votes.filter((vote) => Math.hypot(vote.eastM - eastM, vote.northM - northM) <= VOTE_M);
  return near.length / votes.length;
}

/** How far from a centre a tile may lie that a look may vote for: the corner of the lattice's square around its neighbours. */
function votersReachM({ reachM, stepM }: LookLattice, spareM: number): number {
  return Math.SQRT2 * (Math.max(1.1 * reachM, reachM + stepM / 2) + stepM + spareM);
}

/** Where the camera stood by each look alone: beside the tile that is most like it, of those around the centres. */
async function votesOf(
  index: VectorIndex,
  lattice: LookLattice<Look>,
  { centres, surroundings }: Scored,
  withinM: number,
): Promise<Offset[]> {
  const { east, north, around, rows } = surroundings;
  const near = new Set<number>();
  for (const [c, { eastM, northM }] of centres.entries()) {
    for (const t of around[c] ?? []) {
      if (near.has(t)) continue;
      if (Math.hypot((east[t] as number) - eastM, (north[t] as number) - northM) <= withinM) near.add(t);
    }
  }
  if (near.size === 0) return [];
  const tiles = Uint32Array.from(near).sort((a, b) => (rows[a] as number) - (rows[b] as number));
  const descriptors = lattice.looks.map(({ descriptor }) => descriptor);
  const places = await index.mostAlike(
    descriptors,
    tiles.map((t) => rows[t] as number),
  );
  return lattice.looks.map(({ eastM, northM }, l) => {
    const tile = tiles[places[l] as number] as number;
    return { eastM: (east[tile] as number) - eastM, northM: (north[tile] as number) - northM };
  });
}

/**
 * How far from the tile nearest to a position another tile may lie that speaks for one of the positions tried around it: the
 * corner of the lattice's square with half a step to spare, from a position moved by a coarse shift or a neighbour's step and
 * by what a prior moves it; the nearest tile itself lies in such a square.
 */
function reachOfPositions(coarse: Stage, fine: Stage, spareM: number): number {
  const lookM = Math.max(
    ...[coarse, fine].map(({ lattice: { reachM, stepM } }) => Math.max(1.1 * reachM, reachM + stepM / 2)),
  );
  const shiftM = Math.max(
    ...coarse.shifts.map(({ eastM, northM }) => Math.max(Math.abs(eastM), Math.abs(northM))),
  );
  return 1.01 * Math.SQRT2 * (Math.max(2 * lookM + fine.stepM, lookM + shiftM) + spareM);
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

/** A point of the plane and the row of the tile nearest to it. */
type Centre = Offset & { readonly row: number };

interface Scored {
  readonly centres: readonly Centre[];
  readonly surroundings: Surroundings & { readonly rows: readonly number[] };
  readonly positions: readonly ScoredPosition[];
  /** The same position with the row of its nearest tile. */
  readonly withRow: (position: ScoredPosition) => ScoredPosition & { readonly row: number };
}

/** The positions around the centres with the evidence of all tiles that may speak for them. */
async function scoreAround(
  { index, catalogue }: SearchableTiles,
  { origin, radiusM }: { readonly origin: LonLat; readonly radiusM: number },
  { lattice, votes, shifts, stepM }: Stage,
  centres: readonly Centre[],
  prior: Prior | undefined,
): Promise<Scored> {
  const surroundings = surroundingsOf(catalogue, origin, centres, radiusM);
  const { rows } = surroundings;
  const allow = prior && allowIn(prior, origin, stepM);
  const plan = planTrial(lattice, surroundings, { centres, shifts, allow });
  const descriptors = lattice.looks.map(({ descriptor }) => descriptor);
  const pairs = { looks: plan.looks, rows: plan.tiles.map((tile) => rows[tile] as number) };
  const positions = scorePositions(plan, await index.cosines(descriptors, pairs), votes);
  const withRow = (position: ScoredPosition) => ({ ...position, row: rows[position.tile] as number });
  return { centres, surroundings, positions, withRow };
}

/** For each row of a catalogue 1 and its number among some; 0 while nobody numbers. */
const NUMBERS = new WeakMap<Catalogue, Uint32Array>();

function numbersOf(catalogue: Catalogue): Uint32Array {
  const numbers = NUMBERS.get(catalogue) ?? new Uint32Array(catalogue.count);
  NUMBERS.set(catalogue, numbers);
  return numbers;
}

/** The tiles around each centre; tile k is row rows[k]. */
function surroundingsOf(
  catalogue: Catalogue,
  origin: LonLat,
  centres: readonly Centre[],
  radiusM: number,
): Surroundings & { readonly rows: readonly number[] } {
  const numbers = numbersOf(catalogue);
  const rows: number[] = [];
  const east: number[] = [];
  const north: number[] = [];
  const around = centres.map((centre) => {
    const tiles: number[] = [];
    for (const row of catalogue.neighbours(centre.row, radiusM)) {
      if (numbers[row] === 0) {
        numbers[row] = rows.push(row);
        const { eastM, northM } = localOffsetM(origin, catalogue.place(row));
        east.push(eastM);
        north.push(northM);
      }
      tiles.push((numbers[row] as number) - 1);
    }
    return tiles;
  });
  for (const row of rows) numbers[row] = 0;
  return { rows, east, north, around };
}
