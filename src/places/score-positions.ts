// Where between the tiles did the camera stand? A view is looked at from a lattice; a position is borne out by every tile
// around it, each by the look that would show that tile's ground if the camera stood there.
import type { Offset } from '../describe/index.js';
import type { LookLattice } from './look-lattice.js';

/** A camera position with its score and the number of the tile whose centre is nearest. */
export interface ScoredPosition extends Offset {
  readonly tile: number;
  readonly score: number;
}

/** Weight of a look falls with its distance from the camera, whose view of the ground gets worse with it; metres. */
const SPREAD_M = 16;
/** Cosines are averaged as exp((s - 1) / TEMPERATURE), so that one clear match counts more than several dull ones. */
const TEMPERATURE = 0.2;
/** Weight of a look that saw nothing: positions with few tiles around (a region's border) win by no luck. */
const NOTHING_WEIGHT = 1;

/** Positions in one square of this side, metres, are one: those of neighbouring tiles of a grid coincide. */
const CELL_M = 0.5;

/** Positions to try: each centre moved by each shift. */
export interface Trial {
  readonly centres: readonly Offset[];
  readonly shifts: readonly Offset[];
  /** Moves a position, by less than a step of the lattice, to where it is allowed; undefined where that takes more. */
  readonly allow?: ((position: Offset) => Offset | undefined) | undefined;
}

/** What the looks of a view say of tiles. */
export interface Evidence {
  readonly lattice: LookLattice;
  /** Centres of the tiles. */
  readonly tiles: readonly Offset[];
  /** [look][tile]: their cosines. */
  readonly similarities: readonly Float32Array[];
}

/**
 * The positions of a trial with their scores, in the order of trying; those of one cell are one.
 *
 * For a position p, each tile t with its centre within the lattice's reach (and half a step) of p is compared with the
 * look l whose ground is nearest to it: score(p) = 1 + T ln( sum w_l exp((s_lt - 1) / T) / (sum w_l + w_0) ).
 * The score is at most 1; the ranking is its order. A position without a tile around it is left out.
 */
export function scorePositions(evidence: Evidence, trial: Trial): ScoredPosition[] {
  const { lattice, tiles } = evidence;
  const { centres, shifts, allow } = trial;
  const { weights, votes } = votesOf(evidence);
  const east = Float64Array.from(tiles, (tile) => tile.eastM);
  const north = Float64Array.from(tiles, (tile) => tile.northM);
  const scored: ScoredPosition[] = [];
  const cells = new Set<number>();
  const shiftM = Math.max(...shifts.map((o) => Math.max(Math.abs(o.eastM), Math.abs(o.northM))));
  const withinM = lattice.reachM + lattice.stepM / 2 + shiftM + (allow ? lattice.stepM : 0);
  for (const centre of centres) {
    const around = tilesAround(centre, east, north, withinM);
    for (const shift of shifts) {
      const wished = { eastM: centre.eastM + shift.eastM, northM: centre.northM + shift.northM };
      const position = allow ? allow(wished) : wished;
      if (!position) continue;
      const { eastM, northM } = position;
      const cell = Math.round(eastM / CELL_M) * 2 ** 26 + Math.round(northM / CELL_M);
      if (cells.has(cell)) continue;
      cells.add(cell);
      let evidence = 0;
      let weight = NOTHING_WEIGHT;
      let nearest = -1;
      let nearestM2 = Number.POSITIVE_INFINITY;
      for (const t of around) {
        const toEast = (east[t] as number) - eastM;
        const toNorth = (north[t] as number) - northM;
        const l = lattice.lookAt(toEast, toNorth);
        if (l < 0) continue;
        evidence += votes[l * tiles.length + t] as number;
        weight += weights[l] as number;
        const apartM2 = toEast * toEast + toNorth * toNorth;
        if (apartM2 >= nearestM2) continue;
        nearestM2 = apartM2;
        nearest = t;
      }
      if (nearest < 0) continue;
      scored.push({ eastM, northM, tile: nearest, score: 1 + TEMPERATURE * Math.log(evidence / weight) });
    }
  }
  return scored;
}

/** Each look's weight, and [look * tiles + tile]: what each comparison says, weighted. */
function votesOf({ lattice, tiles, similarities }: Evidence) {
  const weights = lattice.looks.map((o) => Math.exp(-(o.eastM ** 2 + o.northM ** 2) / (2 * SPREAD_M ** 2)));
  const votes = new Float64Array(weights.length * tiles.length);
  for (const [l, weight] of weights.entries()) {
    for (let t = 0; t < tiles.length; t++) {
      const cosine = similarities[l]?.[t] ?? -1;
      votes[l * tiles.length + t] = weight * Math.exp((cosine - 1) / TEMPERATURE);
    }
  }
  return { weights, votes };
}

/** Numbers of the tiles in a square around a point. */
function tilesAround(centre: Offset, east: Float64Array, north: Float64Array, withinM: number): number[] {
  const around: number[] = [];
  for (let t = 0; t < east.length; t++) {
    const toEast = Math.abs((east[t] as number) - centre.eastM);
    const toNorth = Math.abs((north[t] as number) - centre.northM);
    if (Math.max(toEast, toNorth) <= withinM) around.push(t);
  }
  return around;
}

/** The best positions, best first, each more than `apartM` from every better one; at most `count`. */
export function bestApart<T extends ScoredPosition>(
  positions: readonly T[],
  apartM: number,
  count: number,
): T[] {
  const best: T[] = [];
  for (const position of [...positions].sort((a, b) => b.score - a.score || a.tile - b.tile)) {
    if (best.length >= count) break;
    const far = (other: Offset) =>
      (other.eastM - position.eastM) ** 2 + (other.northM - position.northM) ** 2 > apartM ** 2;
    if (best.every(far)) best.push(position);
  }
  return best;
}

/** Shifts by which a look lies exactly on a tile: positions of a camera around the tile's centre. */
export function shiftsOntoTile({ looks }: LookLattice): Offset[] {
  return looks.map(({ eastM, northM }) => ({ eastM: -eastM, northM: -northM }));
}

/** A position and its eight neighbours a step of the lattice away. */
export function shiftsToNeighbours({ stepM }: LookLattice): Offset[] {
  const steps = [0, -stepM, stepM];
  return steps.flatMap((northM) => steps.map((eastM) => ({ eastM, northM })));
}
