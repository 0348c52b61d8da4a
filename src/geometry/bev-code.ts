// The two loops over a BEV's pixels as WebAssembly: one pixel at a time, its colours side by side in a vector. They compute
// what lookUp and areaDownsample of this room do, bit by bit.
import { type WasmFunction, wasm } from '../wasm/index.js';
import { FRACTION_BITS, ONE_PX, OUTSIDE } from './bev-table.js';

const {
  add,
  addLanes,
  addShorts,
  and,
  choose,
  constant,
  dot,
  doWhile,
  equal,
  firstLane,
  get,
  ifElse,
  isAtLeast,
  isLess,
  isLessUnsigned,
  isMore,
  load,
  load16,
  loadHalf,
  multiply,
  multiplyLanes,
  multiplyShorts,
  or,
  pick,
  set,
  shiftLanesLeft,
  shiftRight,
  splat,
  store,
  store8,
  subtract,
  subtractLanes,
  widenBytes,
  widenShorts,
} = wasm;

/** Bytes that are read or written beyond the last pixel. */
export const SPARE_BYTES = 8;

/** The third byte of three lanes: each lane over 65,536, one behind the other. */
const THIRD_BYTES = [2, 6, 10];

/**
 * lookUp(column, row, rowEnd, source, stride, shift, circle, limit, half, lastColumn, out, mask): colours and mask of as many
 * pixels as the table has between row and rowEnd. `source` is where row 0 of the image would lie, `stride` the bytes of a row,
 * which has its first column once more behind its last one where it wraps; columns beyond `limit` are not seen, the others are
 * held between half a pixel from either edge.
 */
function lookUp(): WasmFunction & { readonly name: 'lookUp' } {
  const [column, row, rowEnd, source, stride, shift] = [0, 1, 2, 3, 4, 5];
  const [circle, limit, half, lastColumn, out, mask] = [6, 7, 8, 9, 10, 11];
  const [u, v, at, fx] = [12, 13, 14, 15];
  const [weights, top, below] = [16, 17, 18];
  /** Red, green and blue of a pixel and of the one beside it, as neighbouring 16-bit lanes, by their weights. */
  const across = (address: wasm.Code) =>
    dot(pick(loadHalf(address), [0, 0x80, 3, 0x80, 1, 0x80, 4, 0x80, 2, 0x80, 5, 0x80]), get(weights));
  const down = addLanes(
    shiftLanesLeft(get(top), FRACTION_BITS),
    multiplyLanes(subtractLanes(get(below), get(top)), splat(and(get(v), constant(ONE_PX - 1)))),
  );
  const seen = [
    ...set(u, subtract(get(u), get(half))),
    ...set(u, choose(isMore(get(u), constant(0)), get(u), constant(0))),
    ...set(u, choose(isLess(get(u), get(lastColumn)), get(u), get(lastColumn))),
    ...set(at, add(get(source), multiply(shiftRight(get(v), FRACTION_BITS), get(stride)))),
    ...set(at, add(get(at), multiply(shiftRight(get(u), FRACTION_BITS), constant(3)))),
    ...set(fx, and(get(u), constant(ONE_PX - 1))),
    // 256 - fx in the lower half of each lane, fx in the upper one.
    ...set(weights, splat(add(constant(ONE_PX), multiply(get(fx), constant(65_535))))),
    ...set(top, across(get(at))),
    ...set(below, across(add(get(at), get(stride)))),
    ...store(get(out), firstLane(pick(addLanes(down, splat(constant(32_768))), THIRD_BYTES))),
    ...store8(get(mask), constant(1)),
  ];
  const unseen = [...store(get(out), constant(0)), ...store8(get(mask), constant(0))];
  const code = doWhile(
    [
      ...set(v, load(get(row))),
      ...set(u, add(load(get(column)), get(shift))),
      ...set(u, choose(isAtLeast(get(u), get(circle)), subtract(get(u), get(circle)), get(u))),
      ...ifElse(or(equal(get(v), constant(OUTSIDE)), isMore(get(u), get(limit))), unseen, seen),
      ...set(column, add(get(column), constant(4))),
      ...set(row, add(get(row), constant(4))),
      ...set(out, add(get(out), constant(3))),
      ...set(mask, add(get(mask), constant(1))),
    ],
    isLessUnsigned(get(row), get(rowEnd)),
  );
  return { name: 'lookUp', parameters: 12, words: 4, vectors: 3, code };
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
