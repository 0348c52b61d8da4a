// The memory in which BEVs are looked up and averaged by WebAssembly: what they need of an image is copied in, a few thousand
// pixels of the BEV at a time come out.
import { type Kernel, openKernel, reserve } from '../wasm/index.js';
import { bevFunctions, MEANS, SPARE_BYTES } from './bev-code.js';
import type { BevTable } from './bev-table.js';
import type { Bev, RgbImage } from './types.js';

/** Larger images are left to JavaScript: the memory is never given back. */
const MOST_SOURCE_BYTES = 64 * 2 ** 20;
/** Pixels of a BEV at a time: what is copied of them stays in the first-level cache. */
const BLOCK_PX = 2048;
const NO_LIMIT = 0x7fffffff;

let opened: Kernel<'lookUp' | 'halve'> | undefined;

/** One for the thread. */
function kernel(): Kernel<'lookUp' | 'halve'> {
  opened ??= openKernel(bevFunctions());
  return opened;
}

/** Where a table's columns lie in the image, in 1/256 pixels; see placingOf. */
export interface LookUpColumns {
  readonly shift: number;
  readonly circle: number;
  readonly wraps: boolean;
}

/** The image under a table; undefined where it is too large for the kernel's memory. */
export function lookUpByKernel(
  image: RgbImage,
  table: BevTable,
  columns: LookUpColumns,
  mostBytes = MOST_SOURCE_BYTES,
): Bev | undefined {
  const { widthPx, heightPx, data: source } = image;
  const { firstRow, lastRow, sizePx } = table;
  // The row below the last one is read, and counts for nothing.
  const [from, to] = [Math.min(firstRow, heightPx), Math.min(lastRow + 2, heightPx)];
  const stride = (widthPx + 1) * 3;
  const sourceBytes = (Math.max(0, to - from) + 1) * stride + SPARE_BYTES;
  if (sourceBytes > mostBytes) return undefined;
  const { memory, run } = kernel();
  const columnAt = aligned(sourceBytes);
  const rowAt = columnAt + 4 * BLOCK_PX;
  const outAt = rowAt + 4 * BLOCK_PX;
  const maskAt = outAt + aligned(3 * BLOCK_PX + SPARE_BYTES);
  reserve(kernel(), maskAt + BLOCK_PX);
  const bytes = new Uint8Array(memory.buffer);
  for (let y = from, at = 0; y < to; y++, at += stride) {
    const start = 3 * y * widthPx;
    bytes.set(source.subarray(start, start + 3 * widthPx), at);
    // Beside the last column lies the first one; where it does not, the last is never looked beyond.
    bytes.copyWithin(at + 3 * widthPx, at, at + 3);
  }
  const count = sizePx * sizePx;
  const result = { data: new Uint8Array(3 * count), mask: new Uint8Array(count) };
  const { shift, circle, wraps } = columns;
  const edges = wraps ? [NO_LIMIT, 0, NO_LIMIT] : [widthPx * 256, 128, (widthPx - 1) * 256];
  for (let first = 0; first < count; first += BLOCK_PX) {
    const many = Math.min(BLOCK_PX, count - first);
    new Int32Array(memory.buffer, columnAt, many).set(table.column.subarray(first, first + many));
    new Int32Array(memory.buffer, rowAt, many).set(table.row.subarray(first, first + many));
    const place = [columnAt, rowAt, rowAt + 4 * many, -from * stride, stride, shift, circle];
    run.lookUp(...place, ...edges, outAt, maskAt);
    result.data.set(bytes.subarray(outAt, outAt + 3 * many), 3 * first);
    result.mask.set(bytes.subarray(maskAt, maskAt + many), first);
  }
  return { image: { widthPx: sizePx, heightPx: sizePx, data: result.data }, mask: result.mask };
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
