// How alike the BEV and the tile of a pair are, for a grid of geometries at once.
import type { PolarMap } from './polar-map.js';
import { type PolarPair, ringsOf, visibleRings } from './polar-pair.js';

/** Geometries beside the configured one: every combination of the three lists. */
export interface Candidates {
  /** Times the configured camera height. */
  readonly heights: readonly number[];
  /**
   * How far the true horizon lies below the configured one, degrees, by height: of higher cameras the ground lies lower in the
   * image, so that the rows of a list look much alike. Full spheres have their horizon where it is.
   */
  readonly lowerDeg: readonly (readonly number[])[];
  /** Columns of the maps that are added to the configured heading. */
  readonly turns: readonly number[];
}

export const lengthsOf = ({ heights, lowerDeg, turns }: Candidates) =>
  [heights.length, lowerDeg[0]?.length ?? 0, turns.length] as const;

/** A pair's maps and what is configured of it. */
export type ComparedPair = Pick<PolarPair, 'panorama' | 'cameraHeightM' | 'isStrip'>;

/**
 * Correlation (-1 to 1) of what the panorama shows on the rings with what the tile shows there, over rings and channels:
 * [heights, lowerDeg, turns]. Each row has mean 0, so that a brightness that only depends on the distance says nothing.
 */
export function similarities(pair: ComparedPair, tile: PolarMap, candidates: Candidates): Float32Array {
  return scored(pair, candidates, (height, lower) => {
    const wanted = visibleRings(pair.panorama, height, lower);
    return { wanted, tile };
  });
}

/**
 * The same of candidates that differ little: by what stands out from its surroundings alone, since roads as a whole are alike
 * under many geometries, and on the rings that all candidates show, since else one that hides a poor ring behind the edge of
 * the strip wins.
 */
export function closeSimilarities(pair: ComparedPair, tile: PolarMap, candidates: Candidates): Float32Array {
  const { heights, lowerDeg } = candidates;
  const wanted = heights
    .flatMap((factor, k) =>
      (lowerDeg[k] ?? []).map((lower) =>
        visibleRings(pair.panorama, pair.cameraHeightM * factor, pair.isStrip ? lower : 0),
      ),
    )
    .reduce((all, one) => all.map((ring, k) => ring & (one[k] as number)));
  const sharp = { ...tile, data: tile.data.slice() };
  keepDetail(sharp, wanted);
  return scored(pair, candidates, () => ({ wanted, tile: sharp, detail: true }));
}

interface Comparison {
  readonly wanted: Uint8Array;
  readonly tile: PolarMap;
  readonly detail?: boolean;
}

function scored(
  pair: ComparedPair,
  candidates: Candidates,
  comparisonOf: (cameraHeightM: number, lowerDeg: number) => Comparison,
): Float32Array {
  const { heights, lowerDeg, turns } = candidates;
  const [, lowerings] = lengthsOf(candidates);
  const out = new Float32Array(heights.length * lowerings * turns.length);
  let turned: { of: PolarMap; rows: Turnable } | undefined;
  let at = 0;
  for (const [k, factor] of heights.entries()) {
    for (const [j, lower] of (lowerDeg[k] ?? []).entries()) {
      if (j > 0 && !pair.isStrip) {
        // A full sphere looks the same wherever the horizon of strips is.
        out.copyWithin(at, at - turns.length, at);
        at += turns.length;
        continue;
      }
      const own = pair.isStrip ? lower : 0;
      const { wanted, tile, detail } = comparisonOf(pair.cameraHeightM * factor, own);
      const rings = { ...tile, data: new Float32Array(tile.data.length) };
      ringsOf(pair.panorama, pair.cameraHeightM * factor, own, wanted, rings.data);
      if (detail) keepDetail(rings, wanted);
      if (turned?.of !== tile) turned = { of: tile, rows: turnable(tile, turns) };
      const energy = energyOf(rings, tile);
      for (const turn of turns) out[at++] = energy > 0 ? productOf(rings, turned.rows, turn) / energy : 0;
    }
  }
  return out;
}

/** Half the side of the surroundings: rings, and a share of the circle. */
const AROUND_RINGS = 3;
const AROUND_SHARE = 1 / 30;

/** Takes the mean of its surroundings, on wanted rings, from every cell; other rings become 0. */
function keepDetail({ channels, rows, columns, data }: PolarMap, wanted: Uint8Array): void {
  const side = Math.max(1, Math.round(columns * AROUND_SHARE));
  const along = new Float64Array(rows * columns);
  const around = new Float64Array(columns);
  for (let c = 0; c < channels; c++) {
    const plane = data.subarray(c * rows * columns, (c + 1) * rows * columns);
    for (let row = 0; row < rows; row++) sumAlong(plane, along, row * columns, columns, side);
    for (let row = 0; row < rows; row++) {
      if (!wanted[row]) {
        plane.fill(0, row * columns, (row + 1) * columns);
        continue;
      }
      const from = Math.max(0, row - AROUND_RINGS);
      const to = Math.min(rows - 1, row + AROUND_RINGS);
      let count = 0;
      for (let near = from; near <= to; near++) count += wanted[near] as number;
      around.fill(0);
      for (let near = from; near <= to; near++) {
        if (!wanted[near]) continue;
        const start = near * columns;
        for (let k = 0; k < columns; k++) around[k] = (around[k] as number) + (along[start + k] as number);
      }
      const scale = 1 / (count * (2 * side + 1));
      const start = row * columns;
      for (let k = 0; k < columns; k++) {
        plane[start + k] = (plane[start + k] as number) - (around[k] as number) * scale;
      }
    }
  }
}

/** Sums of 2 side + 1 neighbours around a circle. */
function sumAlong(
  values: Float32Array,
  out: Float64Array,
  start: number,
  columns: number,
  side: number,
): void {
  let sum = 0;
  for (let k = -side; k <= side; k++) sum += values[start + ((k + columns) % columns)] as number;
  let [ahead, behind] = [side + 1, columns - side];
  for (let k = 0; k < columns; k++) {
    out[start + k] = sum;
    sum += (values[start + ahead] as number) - (values[start + (behind % columns)] as number);
    ahead = ahead + 1 === columns ? 0 : ahead + 1;
    behind++;
  }
}

/** Rows with so many of their last columns before the first and of their first behind the last that every turn is a slice. */
interface Turnable {
  readonly data: Float32Array;
  readonly stride: number;
  readonly before: number;
}

function turnable({ channels, rows, columns, data }: PolarMap, turns: readonly number[]): Turnable {
  const before = Math.max(0, -Math.min(...turns));
  const stride = columns + before + Math.max(0, ...turns);
  const out = new Float32Array(channels * rows * stride);
  for (let row = 0; row < channels * rows; row++) {
    for (let k = 0; k < stride; k++) {
      const column = (((k - before) % columns) + columns) % columns;
      out[row * stride + k] = data[row * columns + column] as number;
    }
  }
  return { data: out, stride, before };
}

/** Root of the product of both energies; where the panorama has nothing, neither image counts. */
function energyOf(rings: PolarMap, { channels, rows, columns, data }: PolarMap): number {
  let [own, other] = [0, 0];
  for (let row = 0; row < channels * rows; row++) {
    let [seen, there] = [0, 0];
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      seen += (rings.data[k] as number) ** 2;
      there += (data[k] as number) ** 2;
    }
    own += seen;
    if (seen > 0) other += there;
  }
  return Math.sqrt(own * other);
}

function productOf(
  { channels, rows, columns, data: own }: PolarMap,
  { data, stride, before }: Turnable,
  turn: number,
): number {
  let product = 0;
  for (let row = 0; row < channels * rows; row++) {
    const beside = row * stride + before + turn - row * columns;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      product += (own[k] as number) * (data[beside + k] as number);
    }
  }
  return product;
}
