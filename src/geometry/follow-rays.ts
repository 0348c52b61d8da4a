// Rays, followed by WebAssembly: near the camera's vertical axis each of them, elsewhere some, and lines between those.
import type { Kernel, Place } from '../wasm/index.js';
import { ARC_TANGENTS } from './atan2.js';
import { ONE_PX } from './bev-table.js';
import { RAY_NUMBERS, RAY_SPACING } from './ray-code.js';
import type { BevRays } from './rays.js';

export type RayFunction = BevRays['entries'] | 'sphereKnots' | 'betweenKnots';

const numberOf = (name: (typeof RAY_NUMBERS)[number]) => RAY_NUMBERS.indexOf(name);
const [START_X, START_Y, START_Z] = [numberOf('startX'), numberOf('startY'), numberOf('startZ')];
const [STEP_X, STEP_Y, STEP_Z] = [numberOf('stepX'), numberOf('stepY'), numberOf('stepZ')];
const PIXEL = numberOf('pixel');

/** Where rays are told what they are, and where knots lie. */
interface PlacesOfRays {
  readonly numbers: number;
  readonly tangents: number;
  readonly knotColumn: number;
  readonly knotRow: number;
}

export function placesOfRays(place: Place, sizePx: number): PlacesOfRays {
  // One behind the last pixel, and one that the pair of it brings along.
  const knots = Math.ceil(sizePx / RAY_SPACING) + 2;
  return {
    numbers: place(8 * RAY_NUMBERS.length),
    tangents: place(8 * ARC_TANGENTS.length),
    knotColumn: place(4 * knots),
    knotRow: place(4 * knots),
  };
}

/** Puts entries as a table has them at `column` and `row`: those of `rows` rows of the BEV from row i on. */
export function followRays(
  { memory, run }: Pick<Kernel<RayFunction>, 'memory' | 'run'>,
  rays: BevRays,
  at: PlacesOfRays & { readonly column: number; readonly row: number },
): (i: number, rows: number) => void {
  const { sizePx, shared } = rays;
  const { pixel, stepX, stepY, stepZ, circle, lastRow } = shared;
  const numbers = new Float64Array(memory.buffer, at.numbers, RAY_NUMBERS.length);
  new Float64Array(memory.buffer, at.tangents, ARC_TANGENTS.length).set(ARC_TANGENTS);
  const atFirst = { ...shared, ...rays.ofRow(0) };
  numbers.set(RAY_NUMBERS.map((name) => atFirst[name]));
  const bottom = Math.floor((shared.bottom - shared.top - 0.5) * ONE_PX);
  /** Rays `spacing` pixels apart, from a pixel of the row on; all else of it stays as it was told. */
  const tell = (first: number, spacing: number) => {
    numbers[STEP_X] = spacing * stepX;
    numbers[STEP_Y] = spacing * stepY;
    numbers[STEP_Z] = spacing * stepZ;
    numbers[PIXEL] = (pixel + first) / spacing;
  };
  const some = (column: number, row: number, first: number, end: number) => {
    if (first >= end) return;
    tell(first, RAY_SPACING);
    const { knotColumn, knotRow } = at;
    const knotEnd = knotColumn + 4 * (Math.ceil((end - first) / RAY_SPACING) + 1);
    run.sphereKnots(knotColumn, knotRow, knotEnd, at.numbers, at.tangents);
    const [u, v, uEnd] = [column + 4 * first, row + 4 * first, column + 4 * end];
    run.betweenKnots(knotColumn, knotRow, u, v, uEnd, circle, lastRow, bottom);
  };
  const each = (column: number, row: number, first: number, end: number) => {
    if (first >= end) return;
    tell(first, 1);
    run[rays.entries](column + 4 * first, row + 4 * first, column + 4 * end, at.numbers, at.tangents);
  };
  return (i, rows) => {
    for (let k = 0; k < rows; k++) {
      const numbersOfRow = rays.ofRow(i + k);
      numbers[START_X] = numbersOfRow.startX;
      numbers[START_Y] = numbersOfRow.startY;
      numbers[START_Z] = numbersOfRow.startZ;
      const [column, row] = [at.column + 4 * k * sizePx, at.row + 4 * k * sizePx];
      const [from, to] = rays.followed(numbersOfRow);
      some(column, row, 0, from);
      each(column, row, from, to);
      some(column, row, to, sizePx);
    }
  };
}
