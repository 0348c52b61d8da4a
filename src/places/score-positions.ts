// Where between the tiles did the camera stand? A view is looked at in windows of a lattice; a position is borne out by
// every tile around it, each by the window that would show that tile's ground if the camera stood there.
/** A point in metres east and north of some origin. */
export interface Offset {
  readonly eastM: number;
  readonly northM: number;
}

/** A window of a view: its centre relative to the camera, and what the encoder saw there. */
export interface Look extends Offset {
  /** [D], unit length. */
  readonly descriptor: Float32Array;
}

/** A camera position with its score and the number of the tile whose centre is nearest. */
export interface ScoredPosition extends Offset {
  readonly tile: number;
  readonly score: number;
}

/** Weight of a window falls with its distance from the camera, whose view of the ground gets worse with it; metres. */
const SPREAD_M = 16;
/** Cosines are averaged as exp((s - 1) / TEMPERATURE), so that one clear match counts more than several dull ones. */
const TEMPERATURE = 0.2;
/** Weight of a window that saw nothing: positions with few tiles around (a region's border) win by no luck. */
const PRIOR_WEIGHT = 1;

/** Positions in one square of this side, metres, are one: those of neighbouring tiles of a grid coincide. */
const CELL_M = 0.5;

/** The square lattice that the offsets of looks form. */
interface Lattice {
  readonly stepM: number;
  readonly reachM: number;
  /** Looks in a row. */
  readonly side: number;
  /** Number of the look at [column * side + row], from the south-west. */
  readonly lookAt: Int32Array;
}

function latticeOf(looks: readonly Offset[]): Lattice {
  const reachM = Math.max(...looks.map(({ eastM }) => Math.abs(eastM)));
  const apart = looks.map(({ eastM }) => Math.abs(eastM)).filter((m) => m > 1e-9);
  const stepM = Math.min(...apart);
  const side = Math.round((2 * reachM) / stepM) + 1;
  const lookAt = new Int32Array(side * side);
  const at = (m: number) => Math.round((m + reachM) / stepM);
  looks.forEach(({ eastM, northM }, l) => {
    lookAt[at(eastM) * side + at(northM)] = l;
  });
  return { stepM, reachM, side, lookAt };
}

/**
 * The looks that find candidates: every second one of the lattice's inner half and at least those around the middle. A
 * tile within a few metres of the ground of one of them is found; the others only add evidence.
 */
export function candidateLooks<T extends Offset>(looks: readonly T[]): T[] {
  if (looks.length === 1) return [...looks];
  const { reachM, stepM } = latticeOf(looks);
  const mostM = Math.max(reachM / 2, 2 * stepM) + 1e-6;
  const inner = (m: number) => Math.abs(m) <= mostM;
  return coarseLooks(looks).filter(({ eastM, northM }) => inner(eastM) && inner(northM));
}

/** Every second look of the lattice, the middle included: itself a lattice of twice the step. */
export function coarseLooks<T extends Offset>(looks: readonly T[]): T[] {
  if (looks.length === 1) return [...looks];
  const { stepM } = latticeOf(looks);
  const even = (m: number) => Math.round(m / stepM) % 2 === 0;
  return looks.filter(({ eastM, northM }) => even(eastM) && even(northM));
}

/**
 * The best of the positions centre + shift, best first, each more than `apartM` from every better one; at most k.
 * `similarities[l][t]` is the cosine of look l and tile t, `tiles` their centres.
 *
 * For a position p, each tile t with its centre within the lattice's reach (and half a step) of p is compared with the
 * look l whose ground is nearest to it: score(p) = 1 + T ln( sum w_l exp((s_lt - 1) / T) / (sum w_l + w_0) ).
 * The score is at most 1; the ranking is its order. A position without a tile around it is left out.
 */
export function scorePositions(
  looks: readonly Offset[],
  tiles: readonly Offset[],
  similarities: readonly Float32Array[],
  centres: readonly Offset[],
  shifts: readonly Offset[],
  apartM: number,
  k: number,
): ScoredPosition[] {
  const { stepM, reachM, side, lookAt } = latticeOf(looks);
  const weights = looks.map((o) => Math.exp(-(o.eastM ** 2 + o.northM ** 2) / (2 * SPREAD_M ** 2)));
  // [look, tile]: what each comparison says.
  const evidenceOf = new Float64Array(looks.length * tiles.length);
  weights.forEach((weight, l) => {
    for (let t = 0; t < tiles.length; t++) {
      const cosine = similarities[l]?.[t] ?? -1;
      evidenceOf[l * tiles.length + t] = weight * Math.exp((cosine - 1) / TEMPERATURE);
    }
  });
  const withinM = reachM + stepM / 2;
  const east = Float64Array.from(tiles, (tile) => tile.eastM);
  const north = Float64Array.from(tiles, (tile) => tile.northM);
  const around = new Int32Array(tiles.length);
  const tried: ScoredPosition[] = [];
  const cells = new Set<number>();
  const shiftM = Math.max(...shifts.map((o) => Math.max(Math.abs(o.eastM), Math.abs(o.northM))));
  for (const centre of centres) {
    let count = 0;
    for (let t = 0; t < tiles.length; t++) {
      const toCentreM = Math.max(
        Math.abs((east[t] as number) - centre.eastM),
        Math.abs((north[t] as number) - centre.northM),
      );
      if (toCentreM <= withinM + shiftM) around[count++] = t;
    }
    for (const shift of shifts) {
      const eastM = centre.eastM + shift.eastM;
      const northM = centre.northM + shift.northM;
      const cell = Math.round(eastM / CELL_M) * 2 ** 26 + Math.round(northM / CELL_M);
      if (cells.has(cell)) continue;
      cells.add(cell);
      let evidence = 0;
      let weight = PRIOR_WEIGHT;
      let nearest = -1;
      let nearestM2 = Number.POSITIVE_INFINITY;
      for (let a = 0; a < count; a++) {
        const t = around[a] as number;
        const toEast = (east[t] as number) - eastM;
        const toNorth = (north[t] as number) - northM;
        const column = Math.round((toEast + reachM) / stepM);
        const row = Math.round((toNorth + reachM) / stepM);
        if (column < 0 || column >= side || row < 0 || row >= side) continue;
        const l = lookAt[column * side + row] as number;
        evidence += evidenceOf[l * tiles.length + t] as number;
        weight += weights[l] as number;
        const apartM2 = toEast * toEast + toNorth * toNorth;
        if (apartM2 >= nearestM2) continue;
        nearestM2 = apartM2;
        nearest = t;
      }
      if (nearest < 0) continue;
      tried.push({ eastM, northM, tile: nearest, score: 1 + TEMPERATURE * Math.log(evidence / weight) });
    }
  }
  const best: ScoredPosition[] = [];
  for (const position of tried.sort((a, b) => b.score - a.score || a.tile - b.tile)) {
    if (best.length >= k) break;
    const far = (other: Offset) =>
      (other.eastM - position.eastM) ** 2 + (other.northM - position.northM) ** 2 > apartM ** 2;
    if (best.every(far)) best.push(position);
  }
  return best;
}

/** Shifts by which a look lies exactly on a tile: positions of a camera around the tile's centre. */
export function shiftsOntoTile(looks: readonly Offset[]): Offset[] {
  return looks.map(({ eastM, northM }) => ({ eastM: -eastM, northM: -northM }));
}

/** A position and its eight neighbours a step of the lattice away. */
export function shiftsToNeighbours(looks: readonly Offset[]): Offset[] {
  const { stepM } = latticeOf(looks);
  const steps = [0, -stepM, stepM];
  return steps.flatMap((northM) => steps.map((eastM) => ({ eastM, northM })));
}
