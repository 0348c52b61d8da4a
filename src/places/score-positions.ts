// Where between the tiles did the camera stand? A view is looked at from a lattice; a position is borne out by every tile
// around it, each by the look that would show that tile's ground if the camera stood there.
import type { Offset } from '../describe/index.js';
import type { WeightedLook } from './ground-map.js';
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

/** Tiles around the centres of a trial. */
export interface Surroundings {
  /** Centres of the tiles. */
  readonly east: ArrayLike<number>;
  readonly north: ArrayLike<number>;
  /** Numbers of the tiles that may speak for positions around centre k; all that do, and maybe others. */
  readonly around: readonly (readonly number[])[];
}

/** Positions, and which look is to be compared with which tile before they have scores. */
export interface TrialPlan {
  readonly lattice: LookLattice;
  /** Of each position. */
  readonly positions: readonly Omit<ScoredPosition, 'score'>[];
  /** The comparisons of position k are those numbered uses[ends[k - 1]] to uses[ends[k] - 1]. */
  readonly uses: Uint32Array;
  readonly ends: Uint32Array;
  /** Comparison c is of look looks[c] with tile tiles[c]; those of one tile are neighbours. */
  readonly looks: Uint32Array;
  readonly tiles: Uint32Array;
}

/**
 * The positions of a trial, in the order of trying (those of one cell are one), with the comparisons that they need: each tile
 * with its centre within the lattice's reach (and half a step) of a position, with the look whose ground is nearest to it.
 * A position without a tile around it is left out. Most looks are never compared with most tiles.
 */
export function planTrial(lattice: LookLattice, tiles: Surroundings, trial: Trial): TrialPlan {
  const { centres, shifts, allow } = trial;
  const withinM = farthestM(lattice, trial);
  const plan = new GrowingPlan(lattice, tiles);
  for (const [c, centre] of centres.entries()) {
    // Most tiles are farther away than any look reaches: that is told once for all positions around a centre.
    const near = tilesNear(centre, tiles, tiles.around[c] ?? [], withinM);
    for (const shift of shifts) {
      const wished = { eastM: centre.eastM + shift.eastM, northM: centre.northM + shift.northM };
      const position = allow ? allow(wished) : wished;
      if (position) plan.add(position, near);
    }
  }
  return plan.finish();
}

/** How far beside a centre, to the east or north, a tile may lie that speaks for a position of the trial; half a step more. */
function farthestM({ reachM, stepM }: LookLattice, { shifts, allow }: Trial): number {
  const shiftsM = shifts.map(({ eastM, northM }) => Math.max(Math.abs(eastM), Math.abs(northM)));
  return Math.max(...shiftsM) + reachM + stepM + (allow ? stepM : 0);
}

/** Those of some tiles that lie at most so far beside a point, to the east or north. */
function tilesNear(point: Offset, { east, north }: Surroundings, tiles: readonly number[], withinM: number) {
  const near: number[] = [];
  for (const t of tiles) {
    const asideM = Math.abs((east[t] as number) - point.eastM);
    if (asideM <= withinM && Math.abs((north[t] as number) - point.northM) <= withinM) near.push(t);
  }
  return near;
}

/** A plan to which positions are added one by one. */
class GrowingPlan {
  readonly #lattice: LookLattice;
  readonly #tiles: Surroundings;
  /** How far beside a position, to the east or north, the outermost looks reach, and what rounding may add; metres. */
  readonly #withinM: number;
  /** 1 for each tile * looks + look that is compared. */
  readonly #needed: Uint32Array;
  readonly #positions: Omit<ScoredPosition, 'score'>[] = [];
  readonly #cells = new Set<number>();
  /** As a TrialPlan has them, but a comparison's number is tile * looks + look. */
  readonly #uses: number[] = [];
  readonly #ends: number[] = [];

  constructor(lattice: LookLattice, tiles: Surroundings) {
    this.#lattice = lattice;
    this.#tiles = tiles;
    this.#withinM = lattice.reachM + 0.51 * lattice.stepM;
    this.#needed = new Uint32Array(lattice.looks.length * tiles.east.length);
  }

  /** Adds a position, unless its cell is taken or it shows none of the tiles. */
  add({ eastM, northM }: Offset, tiles: readonly number[]): void {
    const cell = Math.round(eastM / CELL_M) * 2 ** 26 + Math.round(northM / CELL_M);
    const before = this.#cells.size;
    if (this.#cells.add(cell).size === before) return;
    const { east, north } = this.#tiles;
    const lattice = this.#lattice;
    const looks = lattice.looks.length;
    const withinM = this.#withinM;
    const uses = this.#uses;
    const needed = this.#needed;
    let nearest = -1;
    let nearestM2 = Number.POSITIVE_INFINITY;
    for (const t of tiles) {
      const toEast = (east[t] as number) - eastM;
      const toNorth = (north[t] as number) - northM;
      if (Math.abs(toEast) > withinM || Math.abs(toNorth) > withinM) continue;
      const l = lattice.lookAt(toEast, toNorth);
      if (l < 0) continue;
      uses.push(t * looks + l);
      needed[t * looks + l] = 1;
      const apartM2 = toEast * toEast + toNorth * toNorth;
      if (apartM2 >= nearestM2) continue;
      nearestM2 = apartM2;
      nearest = t;
    }
    if (nearest < 0) return;
    this.#positions.push({ eastM, northM, tile: nearest });
    this.#ends.push(uses.length);
  }

  /** The plan; the object is used up. */
  finish(): TrialPlan {
    const needed = this.#needed;
    const looksOfTile = this.#lattice.looks.length;
    const looks: number[] = [];
    const tiles: number[] = [];
    for (let tile = 0, key = 0; key < needed.length; tile++) {
      for (let look = 0; look < looksOfTile; look++, key++) {
        if (needed[key] === 0) continue;
        needed[key] = looks.length;
        looks.push(look);
        tiles.push(tile);
      }
    }
    const uses = new Uint32Array(this.#uses);
    for (let use = 0; use < uses.length; use++) uses[use] = needed[uses[use] as number] as number;
    return {
      lattice: this.#lattice,
      positions: this.#positions,
      uses,
      ends: new Uint32Array(this.#ends),
      looks: new Uint32Array(looks),
      tiles: new Uint32Array(tiles),
    };
  }
}

/** What the comparisons say of a position, put together. */
export interface Votes {
  /** What look l says, where its cosine with a tile is so high, for the position that this would bear out. */
  readonly evidence: (look: number, cosine: number) => number;
  /** What look l weighs, whatever it says. */
  readonly weights: ArrayLike<number>;
  /** From sums over the looks of a position; `most` is the highest weight of the positions that are scored together. */
  readonly score: (evidence: number, weight: number, most: number) => number;
}

/** The positions of a plan with their scores, in its order, from the cosine of each of its comparisons. */
export function scorePositions(plan: TrialPlan, cosines: Float32Array, votes: Votes): ScoredPosition[] {
  const { positions, uses, ends, looks } = plan;
  const said = cosines.map((cosine, c) => votes.evidence(looks[c] as number, cosine));
  const [evidence, weight] = [new Float64Array(positions.length), new Float64Array(positions.length)];
  let most = 0;
  for (let p = 0, at = 0; p < positions.length; p++) {
    let [evidenceOf, weightOf] = [0, 0];
    for (; at < (ends[p] as number); at++) {
      const c = uses[at] as number;
      evidenceOf += said[c] as number;
      weightOf += votes.weights[looks[c] as number] as number;
    }
    evidence[p] = evidenceOf;
    weight[p] = weightOf;
    most = Math.max(most, weightOf);
  }
  return positions.map((position, p) => {
    return { ...position, score: votes.score(evidence[p] as number, weight[p] as number, most) };
  });
}

/**
 * Votes of looks of unit length, of which nobody knows what they are made of. For a position p, with its tiles t and their
 * looks l: score(p) = 1 + T ln( sum w_l exp((s_lt - 1) / T) / (sum w_l + w_0) ), which is at most 1.
 */
export function votesOfLooks({ looks }: LookLattice): Votes {
  const weights = Float64Array.from(looks, ({ eastM, northM }) => {
    return Math.exp(-(eastM ** 2 + northM ** 2) / (2 * SPREAD_M ** 2));
  });
  return {
    evidence: (look, cosine) => (weights[look] as number) * Math.exp((cosine - 1) / TEMPERATURE),
    weights,
    score: (evidence, weight) => 1 + TEMPERATURE * Math.log(evidence / (weight + NOTHING_WEIGHT)),
  };
}

/**
 * Votes of looks that are made from a map of the ground: the mean of what the pieces of ground say that were seen, and ground
 * without a tile counts half. In [-1, 1].
 */
export function votesOfMap({ looks }: LookLattice<WeightedLook>): Votes {
  return {
    evidence: (look, cosine) => (looks[look] as WeightedLook).scale * cosine,
    weights: looks.map(({ weight }) => weight),
    // A piece may say more than 1: where a tile is the contrary of what is common to all that was seen.
    score: (evidence, weight, most) => Math.max(-1, Math.min(1, (2 * evidence) / (weight + most))),
  };
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
    const far = (other: Offset) => {
      const [toEast, toNorth] = [other.eastM - position.eastM, other.northM - position.northM];
      return toEast * toEast + toNorth * toNorth > apartM * apartM;
    };
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
