// Rays, followed by WebAssembly: near the camera's vertical axis each of them, elsewhere some, and lines between those.
import type { Kernel, Place } from '../wasm/index.js';
import { ARC_TANGENTS } from './atan2.js';
import { ONE_PX } from './bev-table.js';
import { RAY_NUMBERS, RAY_SPACING } from './ray-code.js';
import type { BevRays } from './rays.js';

export type RayFunction = BevRays['entries'] | 'sphereKnots' | 'betweenKnots';

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
  heightPx: number,
  at: PlacesOfRays & { readonly column: number; readonly row: number },
): (i: number, rows: number) => void {
  const { sizePx, shared } = rays;
  const { pixel, stepX, stepY, stepZ, circle, lastRow } = shared;
  const numbers = new Float64Array(memory.buffer, at.numbers, RAY_NUMBERS.length);
  new Float64Array(memory.buffer, at.tangents, ARC_TANGENTS.length).set(ARC_TANGENTS);
  const atFirst = { ...shared, ...rays.ofRow(0) };
  numbers.set(RAY_NUMBERS.map((name) => atFirst[name]));
  const bottom = heightPx * ONE_PX - ONE_PX / 2;
  return (i, rows) => {
    for (let k = 0; k < rows; k++) {
      const { startX, startY, startZ } = rays.ofRow(i + k);
      const [column, row] = [at.column + 4 * k * sizePx, at.row + 4 * k * sizePx];
      // RAY_NUMBERS begin with these.
      const tell = (first: number, spacing: number) =>
        numbers.set([
          ...[startX, startY, startZ, spacing * stepX, spacing * stepY, spacing * stepZ],
          (pixel + first) / spacing,
        ]);
      const some = (first: number, end: number) => {
        if (first >= end) return;
        tell(first, RAY_SPACING);
        const knotEnd = at.knotColumn + 4 * (Math.ceil((end - first) / RAY_SPACING) + 1);
        run.sphereKnots(at.knotColumn, at.knotRow, knotEnd, at.numbers, at.tangents);
        const place = [column + 4 * first, row + 4 * first, column + 4 * end];
        run.betweenKnots(at.knotColumn, at.knotRow, ...place, circle, lastRow, bottom);
      };
      const each = (first: number, end: number) => {
        if (first >= end) return;
        tell(first, 1);
        run[rays.entries](column + 4 * first, row + 4 * first, column + 4 * end, at.numbers, at.tangents);
      };
      const [from, to] = rays.followed(i + k);
      some(0, from);
      each(from, to);
      some(to, sizePx);
    }
  };
}
