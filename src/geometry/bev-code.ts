// The two loops over a BEV's pixels as WebAssembly: a pixel's colours side by side in a vector. They compute what lookUp and
// areaDownsample of this room do, bit by bit.
import { type WasmFunction, wasm } from '../wasm/index.js';
import { FRACTION_BITS, ONE_PX, OUTSIDE } from './bev-table.js';

const {
  add,
  addLanes,
  addShorts,
  and,
  andVectors,
  areAtLeastLanes,
  constant,
  differLanes,
  dot,
  doWhile,
  firstLane,
  get,
  greaterLanes,
  isLessUnsigned,
  isMore,
  lesserLanes,
  load,
  load16,
  loadHalf,
  loadLanes,
  multiply,
  multiplyLanes,
  multiplyShorts,
  pick,
  set,
  shiftLanesLeft,
  shiftLanesRight,
  shiftRight,
  splat,
  store,
  store8,
  subtractLanes,
  widenBytes,
  widenShorts,
  wordLane,
} = wasm;

/** Bytes that are read or written beyond the last pixel. */
export const SPARE_BYTES = 16;

/** The third byte of three lanes: each lane over 65,536, one behind the other. */
const THIRD_BYTES = [2, 6, 10];

/** Pixels that are looked up at a time: so many entries are read, and so many pixels written, beyond the last one, less one. */
export const PIXELS_AT_ONCE = 4;

/**
 * lookUp(column, row, rowEnd, source, stride, shift, circle, limit, half, lastColumn, out, mask): colours and mask of as many
 * pixels as the table has between row and rowEnd. `source` is where row 0 of the image would lie, `stride` the bytes of a row,
 * which has its first column once more behind its last one where it wraps; columns beyond `limit` are not seen, the others are
 * held between half a pixel from either edge. What is not seen is read at address 0, and counts for nothing.
 */
function lookUp(): WasmFunction & { readonly name: 'lookUp' } {
  const [column, row, rowEnd, source, stride, shift] = [0, 1, 2, 3, 4, 5];
  const [circle, limit, half, lastColumn, out, mask] = [6, 7, 8, 9, 10, 11];
  const [from] = [12];
  const [u, v, seen, at, weights, parts, top, below] = [13, 14, 15, 16, 17, 18, 19, 20];
  const lane = (of: number, k: number) =>
    pick(
      get(of),
      [0, 1, 2, 3].flatMap(() => [4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3]),
    );
  /** Red, green and blue of a pixel and of the one beside it, as neighbouring 16-bit lanes, by their weights. */
  const across = (address: wasm.Code, k: number) =>
    dot(pick(loadHalf(address), [0, 0x80, 3, 0x80, 1, 0x80, 4, 0x80, 2, 0x80, 5, 0x80]), lane(weights, k));
  const down = (k: number) =>
    addLanes(
      shiftLanesLeft(get(top), FRACTION_BITS),
      multiplyLanes(subtractLanes(get(below), get(top)), lane(parts, k)),
    );
  const pixel = (k: number) => [
    ...set(from, wordLane(get(at), k)),
    ...set(top, across(get(from), k)),
    ...set(below, across(add(get(from), get(stride)), k)),
    ...store(
      add(get(out), constant(3 * k)),
      firstLane(pick(addLanes(down(k), splat(constant(32_768))), THIRD_BYTES)),
    ),
  ];
  const fraction = (of: number) => andVectors(get(of), splat(constant(ONE_PX - 1)));
  const code = doWhile(
    [
      ...set(v, loadLanes(get(row))),
      ...set(u, addLanes(loadLanes(get(column)), splat(get(shift)))),
      ...set(
        u,
        subtractLanes(get(u), andVectors(splat(get(circle)), areAtLeastLanes(get(u), splat(get(circle))))),
      ),
      ...set(
        seen,
        andVectors(differLanes(get(v), splat(constant(OUTSIDE))), areAtLeastLanes(splat(get(limit)), get(u))),
      ),
      ...set(u, greaterLanes(subtractLanes(get(u), splat(get(half))), splat(constant(0)))),
      ...set(u, lesserLanes(get(u), splat(get(lastColumn)))),
      ...set(at, multiplyLanes(shiftLanesRight(get(v), FRACTION_BITS), splat(get(stride)))),
      ...set(
        at,
        addLanes(get(at), multiplyLanes(shiftLanesRight(get(u), FRACTION_BITS), splat(constant(3)))),
      ),
      ...set(at, andVectors(addLanes(get(at), splat(get(source))), get(seen))),
      // 256 - fx in the lower half of each lane, fx in the upper one.
      ...set(weights, multiplyLanes(fraction(u), splat(constant(65_535)))),
      ...set(weights, andVectors(addLanes(get(weights), splat(constant(ONE_PX))), get(seen))),
      ...set(parts, fraction(v)),
      ...Array.from({ length: PIXELS_AT_ONCE }, (_, k) => pixel(k)).flat(),
      ...store(get(mask), and(firstLane(pick(get(seen), [0, 4, 8, 12])), constant(0x01010101))),
      ...[column, row].flatMap((entries) => set(entries, add(get(entries), constant(4 * PIXELS_AT_ONCE)))),
      ...set(out, add(get(out), constant(3 * PIXELS_AT_ONCE))),
      ...set(mask, add(get(mask), constant(PIXELS_AT_ONCE))),
    ],
    isLessUnsigned(get(row), get(rowEnd)),
  );
  return { name: 'lookUp', parameters: 12, words: 1, vectors: 8, code };
}

/**
 * By how many of four pixels are seen: what is added to their sum, and by how many 65,536ths it is then multiplied, so that the
 * mean is rounded half up. Fewer than two are too few.
 */
export const MEANS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 0],
  [1, 32_768],
  [1, 21_846],
  [2, 16_384],
];

/**
 * halve(image, mask, stride, maskStride, outEnd, out, outMask, means): one row of the means of 2 x 2 pixels; `means` is where
 * MEANS lies.
 */
function halve(): WasmFunction & { readonly name: 'halve' } {
  const [image, mask, stride, maskStride, outEnd, out, outMask, means] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [seen, entry] = [8, 9];
  const [sum] = [10];
  // Of two pixels in a row, those that are seen.
  const masks = [0, 0x80, 0, 0x80, 0, 0x80, 1, 0x80, 1, 0x80, 1, 0x80];
  const row = (pixels: wasm.Code, shown: wasm.Code) =>
    multiplyShorts(widenBytes(loadHalf(pixels)), pick(splat(load16(shown)), masks));
  const secondPixel = [6, 7, 8, 9, 10, 11];
  const mean = multiplyLanes(
    addLanes(widenShorts(get(sum)), splat(load(get(entry)))),
    splat(load(get(entry), 4)),
  );
  const code = doWhile(
    [
      ...set(seen, add(load16(get(mask)), load16(add(get(mask), get(maskStride))))),
      ...set(seen, add(and(get(seen), constant(255)), shiftRight(get(seen), 8))),
      ...set(entry, add(get(means), multiply(get(seen), constant(8)))),
      ...set(
        sum,
        addShorts(
          row(get(image), get(mask)),
          row(add(get(image), get(stride)), add(get(mask), get(maskStride))),
        ),
      ),
      ...set(sum, addShorts(get(sum), pick(get(sum), secondPixel))),
      ...store(get(out), firstLane(pick(mean, THIRD_BYTES))),
      ...store8(get(outMask), isMore(get(seen), constant(1))),
      ...set(image, add(get(image), constant(6))),
      ...set(mask, add(get(mask), constant(2))),
      ...set(out, add(get(out), constant(3))),
      ...set(outMask, add(get(outMask), constant(1))),
    ],
    isLessUnsigned(get(out), get(outEnd)),
  );
  return { name: 'halve', parameters: 8, words: 2, vectors: 1, code };
}

export const bevFunctions = () => [lookUp(), halve()];
