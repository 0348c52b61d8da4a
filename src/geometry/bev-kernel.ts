// The memory in which BEVs are looked up and averaged by WebAssembly: what they need of an image is copied in, a few thousand
// pixels of the BEV at a time come out.
import { type Kernel, openKernel, reserve } from '../wasm/index.js';
import { ARC_TANGENTS } from './atan2.js';
import { bevFunctions, MEANS, SPARE_BYTES } from './bev-code.js';
import type { BevTable } from './bev-table.js';
import { RAY_NUMBERS, rayFunctions, SPARE_ENTRIES } from './ray-code.js';
import type { BevRays } from './rays.js';
import type { Bev, RgbImage } from './types.js';

/** Larger images are left to JavaScript: the memory is never given back. */
const MOST_SOURCE_BYTES = 64 * 2 ** 20;
/** Pixels of a BEV at a time: what is copied of them stays in the first-level cache. */
const BLOCK_PX = 2048;
const NO_LIMIT = 0x7fffffff;

type Name = 'lookUp' | 'halve' | 'sphereEntries' | 'photoEntries';

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

/**
 * The image under a table, or where rays meet it, which have the bits of their table; undefined where it is too large for the
 * kernel's memory.
 */
export function lookUpByKernel(
  image: RgbImage,
  where: BevTable | BevRays,
  columns: LookUpColumns,
  mostBytes = MOST_SOURCE_BYTES,
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
  // Rays go row by row.
  const block = 'lastRow' in where ? BLOCK_PX : sizePx;
  const columnAt = aligned(sourceBytes);
  const rowAt = columnAt + aligned(4 * (block + SPARE_ENTRIES));
  const outAt = rowAt + aligned(4 * (block + SPARE_ENTRIES));
  const maskAt = outAt + aligned(3 * block + SPARE_BYTES);
  const raysAt = maskAt + aligned(block);
  reserve(kernel(), raysAt + (RAY_NUMBERS.length + ARC_TANGENTS.length) * 8);
  const bytes = new Uint8Array(memory.buffer);
  for (let y = from, at = 0; y < to; y++, at += stride) {
    const start = 3 * y * widthPx;
    bytes.set(source.subarray(start, start + 3 * widthPx), at);
    // Beside the last column lies the first one; where it does not, the last is never looked beyond.
    bytes.copyWithin(at + 3 * widthPx, at, at + 3);
  }
  const fill =
    'lastRow' in where ? copying(where, columnAt, rowAt) : following(where, columnAt, rowAt, raysAt);
  const count = sizePx * sizePx;
  const result = { data: new Uint8Array(3 * count), mask: new Uint8Array(count) };
  const { shift, circle, wraps } = columns;
  const edges = wraps ? [NO_LIMIT, 0, NO_LIMIT] : [widthPx * 256, 128, (widthPx - 1) * 256];
  for (let first = 0; first < count; first += block) {
    const many = Math.min(block, count - first);
    fill(first, many);
    const place = [columnAt, rowAt, rowAt + 4 * many, -from * stride, stride, shift, circle];
    run.lookUp(...place, ...edges, outAt, maskAt);
    result.data.set(bytes.subarray(outAt, outAt + 3 * many), 3 * first);
    result.mask.set(bytes.subarray(maskAt, maskAt + many), first);
  }
  return { image: { widthPx: sizePx, heightPx: sizePx, data: result.data }, mask: result.mask };
}

/** Puts `many` entries of a table, from `first` on, where lookUp reads them. */
function copying({ column, row }: BevTable, columnAt: number, rowAt: number) {
  const { memory } = kernel();
  return (first: number, many: number) => {
    new Int32Array(memory.buffer, columnAt, many).set(column.subarray(first, first + many));
    new Int32Array(memory.buffer, rowAt, many).set(row.subarray(first, first + many));
  };
}

/** The same of a row of rays. */
function following({ entries, shared, ofRow }: BevRays, columnAt: number, rowAt: number, raysAt: number) {
  const { memory, run } = kernel();
  const numbers = new Float64Array(memory.buffer, raysAt, RAY_NUMBERS.length);
  const tangentsAt = raysAt + numbers.byteLength;
  new Float64Array(memory.buffer, tangentsAt, ARC_TANGENTS.length).set(ARC_TANGENTS);
  const atFirst = { ...shared, ...ofRow(0) };
  numbers.set(RAY_NUMBERS.map((name) => atFirst[name]));
  return (first: number, many: number) => {
    const { startX, startY, startZ } = ofRow(first / many);
    // RAY_NUMBERS begin with these.
    numbers.set([startX, startY, startZ]);
    run[entries](columnAt, rowAt, columnAt + 4 * many, raysAt, tangentsAt);
  };
}

/** A BEV averaged over 2 x 2 pixels; both its sides are even. */
export function halveByKernel({ image, mask }: Bev): Bev {
  const [width, height] = [image.widthPx / 2, image.heightPx / 2];
  const { memory, run } = kernel();
  const meansAt = 0;
  const imageAt = aligned(MEANS.length * 8);
  const maskAt = imageAt + aligned(12 * width + SPARE_BYTES);
  const outAt = maskAt + aligned(4 * width);
  const outMaskAt = outAt + aligned(3 * width + SPARE_BYTES);
  reserve(kernel(), outMaskAt + width);
  const bytes = new Uint8Array(memory.buffer);
  new Int32Array(memory.buffer, meansAt, 2 * MEANS.length).set(MEANS.flat());
  const data = new Uint8Array(3 * width * height);
  const seen = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    bytes.set(image.data.subarray(12 * y * width, 12 * (y + 1) * width), imageAt);
    bytes.set(mask.subarray(4 * y * width, 4 * (y + 1) * width), maskAt);
    run.halve(imageAt, maskAt, 6 * width, 2 * width, outAt + 3 * width, outAt, outMaskAt, meansAt);
    data.set(bytes.subarray(outAt, outAt + 3 * width), 3 * y * width);
    seen.set(bytes.subarray(outMaskAt, outMaskAt + width), y * width);
  }
  return { image: { widthPx: width, heightPx: height, data }, mask: seen };
}

/** The next multiple of 16. */
const aligned = (bytes: number) => (bytes + 15) & ~15;
