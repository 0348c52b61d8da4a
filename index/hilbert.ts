// The order of tiles: along a Hilbert curve, on which neighbours on the ground are near each other. A run of it is a
// neighbourhood, which is what a part of a build is, what a shard holds, and what a search reads from a disk at once.
import type { LonLat } from '../src/geometry/index.js';

/** Cells a side of the square that the curve fills: 2^25; a number along it is exact as a double. */
const SIDE = 2 ** 25;
/** Cell 0,0 of a grid lies in the middle, so that one that grows to the south or west keeps its numbers. */
const MIDDLE = SIDE / 2;

/**
 * How far along the curve a cell lies, 0 to 4^25 - 1; x and y are whole, from 0 to 2^25 - 1. Aligned squares of 2^k by 2^k
 * cells are runs of 4^k numbers. (D. Hilbert, Math. Ann. 38, 1891; the usual iteration from the largest square down.)
 */
export function alongCurve(x: number, y: number): number {
  let along = 0;
  let [column, row] = [x, y];
  for (let side = SIDE / 2; side >= 1; side /= 2) {
    const right = (column & side) !== 0 ? 1 : 0;
    const up = (row & side) !== 0 ? 1 : 0;
    along = 4 * along + ((3 * right) ^ up);
    if (up === 1) continue;
    if (right === 1) {
      column = SIDE - 1 - column;
      row = SIDE - 1 - row;
    }
    [column, row] = [row, column];
  }
  return along;
}

/** Of a grid's cell; rows and columns may be negative. */
export function alongCurveOfCell(row: number, column: number): number {
  return alongCurve(column + MIDDLE, row + MIDDLE);
}

/** Of a place on Earth, to about a metre. */
export function alongCurveOfPlace({ lon, lat }: LonLat): number {
  const cell = (share: number) => Math.min(SIDE - 1, Math.max(0, Math.floor(share * SIDE)));
  return alongCurve(cell((lon + 180) / 360), cell((lat + 90) / 180));
}

/** Numbers 0 to count - 1 in the order of their positions on the curve; equal ones stay in their own order. */
export function curveOrder(positions: Float64Array): Uint32Array {
  const order = Uint32Array.from(positions.keys());
  const at = (number: number) => positions[number] as number;
  return order.sort((a, b) => at(a) - at(b) || a - b);
}

/** One of some parts of a curve, counted from 1. */
export interface PartOf {
  readonly part: number;
  readonly of: number;
}

/** Numbers from..to (without `to`) of a part of `count` tiles: parts differ by at most one tile. */
export function rangeOfPart(
  { part, of }: PartOf,
  count: number,
): { readonly from: number; readonly to: number } {
  return { from: Math.floor((count * (part - 1)) / of), to: Math.floor((count * part) / of) };
}
