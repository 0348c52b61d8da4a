// The memory in which BEVs are looked up and averaged by WebAssembly: what they need of an image is copied in, a few thousand
// pixels of the BEV at a time come out.
import { type Kernel, openKernel, type Place, placesFrom, reserve } from '../wasm/index.js';
import { bevFunctions, MEANS, PIXELS_AT_ONCE, SPARE_BYTES } from './bev-code.js';
import { type BevTable, ONE_PX, OUTSIDE } from './bev-table.js';
import { followRays, placesOfRays, type RayFunction } from './follow-rays.js';
import { rayFunctions, SPARE_ENTRIES } from './ray-code.js';
import type { BevRays } from './rays.js';
import type { Bev, RgbImage } from './types.js';

/** Larger images are left to JavaScript: the memory is never given back. */
const MOST_SOURCE_BYTES = 64 * 2 ** 20;
/** Rows of a BEV at a time: what is copied of them stays in the first-level cache, and two make one when it is halved. */
const ROWS_AT_ONCE = 2;
const NO_LIMIT = 0x7fffffff;
/** Entries behind the last row that are written, or read. */
const SPARE = Math.max(SPARE_ENTRIES, PIXELS_AT_ONCE - 1);

type Name = 'lookUp' | 'halve' | RayFunction;

let opened: Kernel<Name> | undefined;

/** One for the thread. */
function kernel(): Kernel<Name> {
  opened ??= openKernel([...bevFunctions(), ...rayFunctions()]);
  return opened;
}

/** Where a table's columns lie in the image, in 1/256 pixels; see placingOf. */
export interface LookUpColumns {
  readonly shift: number;
  readonly circle: number;
  readonly wraps: boolean;
}

export interface LookUpOptions {
  /** The BEV averaged over 2 x 2 pixels; its side is even. */
  readonly halved?: boolean;
  readonly mostBytes?: number;
}

/**
 * The image under a table, or where rays meet it; undefined where it is too large for the kernel's memory.
 */
export function lookUpByKernel(
  image: RgbImage,
  where: BevTable | BevRays,
  columns: LookUpColumns,
  { halved = false, mostBytes = MOST_SOURCE_BYTES }: LookUpOptions = {},
): Bev | undefined {
  const { widthPx, heightPx, data: source } = image;
  const { firstRow, sizePx } = where;
  // The row below the last one is read, and counts for nothing.
  const lastRow = 'lastRow' in where ? where.lastRow : heightPx - 1;
  const [from, to] = [Math.min(firstRow, heightPx), Math.min(lastRow + 2, heightPx)];
  const stride = (widthPx + 1) * 3;
  const sourceBytes = (Math.max(0, to - from) + 1) * stride + SPARE_BYTES;
  if (sourceBytes > mostBytes) return undefined;
  const { memory, run } = kernel();
  const place = placesFrom(0);
  place(sourceBytes);
  const block = ROWS_AT_ONCE * sizePx;
  const columnAt = place(4 * (block + SPARE));
  const rowAt = place(4 * (block + SPARE));
  const found = pixelsAt(place, block);
  const halves = placesOfHalves(place, sizePx);
  const rays = placesOfRays(place, sizePx);
  reserve(kernel(), place(0));
  const bytes = new Uint8Array(memory.buffer);
  for (let y = from, at = 0; y < to; y++, at += stride) {
    const start = 3 * y * widthPx;
    bytes.set(source.subarray(start, start + 3 * widthPx), at);
    // Beside the last column lies the first one; where it does not, the last is never looked beyond.
    bytes.copyWithin(at + 3 * widthPx, at, at + 3);
  }
  const { shift, circle, wraps } = columns;
  const [limit, half, last] = wraps
    ? [NO_LIMIT, 0, NO_LIMIT]
    : [widthPx * ONE_PX, ONE_PX / 2, (widthPx - 1) * ONE_PX];
  const rowZero = -from * stride;
  const fill =
    'lastRow' in where
      ? copying(where, columnAt, rowAt)
      : followRays(kernel(), where, { ...rays, column: columnAt, row: rowAt });
  const result = blankBev(halved ? sizePx / 2 : sizePx);
  const collect = collecting(bytes, result, halved ? halves : found);
  const halve = halving(found, halves, sizePx);
  for (let i = 0; i < sizePx; i += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, sizePx - i);
    fill(i, rows);
    const end = rowAt + 4 * rows * sizePx;
    // The lookup reads on to a whole number of vectors, and what lies there may be beyond the rows that were copied.
    if ((rows * sizePx) % PIXELS_AT_ONCE !== 0) new Int32Array(memory.buffer, end, SPARE).fill(OUTSIDE);
    run.lookUp(
      columnAt,
      rowAt,
      end,
      rowZero,
      stride,
      shift,
      circle,
      limit,
      half,
      last,
      found.pixels,
      found.mask,
    );
    if (halved) halve();
    collect(halved ? sizePx / 2 : rows * sizePx);
  }
  return result;
}

/** Where some pixels lie in the memory, and which of them are seen. */
interface PixelsAt {
  readonly pixels: number;
  readonly mask: number;
}

const pixelsAt = (place: Place, count: number): PixelsAt => ({
  pixels: place(3 * count + SPARE_BYTES),
  mask: place(count + SPARE_BYTES),
});

function blankBev(widthPx: number, heightPx = widthPx): Bev {
  const count = widthPx * heightPx;
  const image = { widthPx, heightPx, data: new Uint8Array(3 * count) };
  return { image, mask: new Uint8Array(count) };
}

/** Takes the next `many` pixels of the result out of the memory. */
function collecting(bytes: Uint8Array, { image, mask }: Bev, at: PixelsAt) {
  let next = 0;
  return (many: number) => {
    image.data.set(bytes.subarray(at.pixels, at.pixels + 3 * many), 3 * next);
    mask.set(bytes.subarray(at.mask, at.mask + many), next);
    next += many;
  };
}

interface PlacesOfHalves extends PixelsAt {
  readonly means: number;
}

/** For a row that two of `widthPx` become. */
const placesOfHalves = (place: Place, widthPx: number): PlacesOfHalves => ({
  ...pixelsAt(place, Math.floor(widthPx / 2)),
  means: place(MEANS.length * 8),
});

/** Makes two rows of `widthPx` one of half as many pixels. */
function halving(from: PixelsAt, to: PlacesOfHalves, widthPx: number): () => void {
  const { memory, run } = kernel();
  new Int32Array(memory.buffer, to.means, 2 * MEANS.length).set(MEANS.flat());
  const end = to.pixels + 3 * (widthPx / 2);
  return () => run.halve(from.pixels, from.mask, 3 * widthPx, widthPx, end, to.pixels, to.mask, to.means);
}

/** Puts the entries of some rows of a table, from row i on, where lookUp reads them. */
function copying({ column, row, sizePx }: BevTable, columnAt: number, rowAt: number) {
  const { memory } = kernel();
  return (i: number, rows: number) => {
    const [first, end] = [i * sizePx, (i + rows) * sizePx];
    new Int32Array(memory.buffer, columnAt, end - first).set(column.subarray(first, end));
    new Int32Array(memory.buffer, rowAt, end - first).set(row.subarray(first, end));
  };
}

/** A BEV averaged over 2 x 2 pixels; both its sides are even. */
export function halveByKernel({ image, mask }: Bev): Bev {
  const { widthPx, heightPx } = image;
  const { memory } = kernel();
  const place = placesFrom(0);
  const rows = pixelsAt(place, ROWS_AT_ONCE * widthPx);
  const halves = placesOfHalves(place, widthPx);
  reserve(kernel(), place(0));
  const bytes = new Uint8Array(memory.buffer);
  const result = blankBev(widthPx / 2, heightPx / 2);
  const collect = collecting(bytes, result, halves);
  const halve = halving(rows, halves, widthPx);
  for (let y = 0; y < heightPx; y += ROWS_AT_ONCE) {
    const [first, end] = [y * widthPx, (y + ROWS_AT_ONCE) * widthPx];
    bytes.set(image.data.subarray(3 * first, 3 * end), rows.pixels);
    bytes.set(mask.subarray(first, end), rows.mask);
    halve();
    collect(widthPx / 2);
  }
  return result;
}
