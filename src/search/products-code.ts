// The code of the products of rows and queries: WebAssembly with 128-bit vectors, which every CPU that Node runs on has. It is
// a few hundred bytes.

import { type WasmFunction, wasm } from '../wasm/index.js';

const {
  add,
  addF32,
  addVectors,
  andVectors,
  constant,
  doWhile,
  get,
  isLessUnsigned,
  lane,
  leb,
  loadI32,
  loadVector,
  multiply,
  multiplyVectors,
  orVectors,
  set,
  shiftLanesLeft,
  splat,
  storeF32,
  storeVector,
  vector,
  zeros,
} = wasm;

type Named<Name extends string> = WasmFunction & { readonly name: Name };

/** Vectors are read four at a time: their lengths are multiples of so many bytes. */
export const VECTOR_BYTES = 64;
/** What `products` takes at a time: numbers of rows and of queries are multiples of these. */
export const ROWS_AT_ONCE = 4;
export const QUERIES_AT_ONCE = 2;

/** Does the body, and again while `local` is below `end`, both unsigned. */
const untilEnd = (local: number, end: wasm.Code, body: wasm.Code): wasm.Code =>
  doWhile(body, isLessUnsigned(get(local), end));
/** The sum of four lanes; always in the same order, so that the same vectors give the same bits. */
const sumOf = (of: wasm.Code): wasm.Code =>
  addF32(addF32(lane(of, 0), lane(of, 1)), addF32(lane(of, 2), lane(of, 3)));

/** products(queries, queriesEnd, rows, rowsEnd, stride, out, outStride): out[query][row], strides in bytes. */
function productsFunction(): Named<'products'> {
  const [queries, queriesEnd, rows, rowsEnd, stride, out, outStride] = [0, 1, 2, 3, 4, 5, 6];
  const [query, row, outAt, end, row1, row2, row3, query1] = [7, 8, 9, 10, 11, 12, 13, 14];
  const firstVector = 15;
  const sums = Array.from({ length: 8 }, (_, k) => firstVector + k);
  const [a, b, x] = [firstVector + 8, firstVector + 9, firstVector + 10];
  const pointers = [row, row1, row2, row3, query, query1];
  const step = [0, 16, 32, 48].flatMap((offset) => [
    ...set(a, loadVector(get(query), offset)),
    ...set(b, loadVector(get(query1), offset)),
    ...[row, row1, row2, row3].flatMap((pointer, r) => [
      ...set(x, loadVector(get(pointer), offset)),
      ...set(sums[r] as number, addVectors(get(sums[r] as number), multiplyVectors(get(x), get(a)))),
      ...set(sums[4 + r] as number, addVectors(get(sums[4 + r] as number), multiplyVectors(get(x), get(b)))),
    ]),
  ]);
  const advance = pointers.flatMap((pointer) => set(pointer, add(get(pointer), constant(VECTOR_BYTES))));
  const stored = [0, 1, 2, 3].flatMap((r) => [
    ...storeF32(get(outAt), sumOf(get(sums[r] as number)), 4 * r),
    ...storeF32(add(get(outAt), get(outStride)), sumOf(get(sums[4 + r] as number)), 4 * r),
  ]);
  const perQueries = [
    ...sums.flatMap((sum) => set(sum, zeros)),
    ...set(row, get(rows)),
    ...set(row1, add(get(rows), get(stride))),
    ...set(row2, add(get(row1), get(stride))),
    ...set(row3, add(get(row2), get(stride))),
    ...set(query1, add(get(query), get(stride))),
    ...set(end, get(row1)),
    ...untilEnd(row, get(end), [...step, ...advance]),
    ...stored,
    ...set(outAt, add(get(outAt), multiply(get(outStride), constant(QUERIES_AT_ONCE)))),
    // The first of the two has gone on to where the second began.
    ...set(query, get(query1)),
  ];
  const perRows = [
    ...set(query, get(queries)),
    ...set(outAt, get(out)),
    ...untilEnd(query, get(queriesEnd), perQueries),
    ...set(out, add(get(out), constant(4 * ROWS_AT_ONCE))),
    ...set(rows, add(get(rows), multiply(get(stride), constant(ROWS_AT_ONCE)))),
  ];
  const code = untilEnd(rows, get(rowsEnd), perRows);
  return { name: 'products', parameters: 7, words: 8, vectors: 11, code };
}

/** pairs(queries, rows, numbers, numbersEnd, stride, out): numbers holds a query's and a row's number for each product. */
function pairsFunction(): Named<'pairs'> {
  const [queries, rows, numbers, numbersEnd, stride, out] = [0, 1, 2, 3, 4, 5];
  const [query, row, end] = [6, 7, 8];
  const sums = [9, 10, 11, 12];
  const step = sums.flatMap((sum, k) =>
    set(
      sum,
      addVectors(get(sum), multiplyVectors(loadVector(get(query), 16 * k), loadVector(get(row), 16 * k))),
    ),
  );
  const all = addVectors(
    addVectors(get(sums[0] as number), get(sums[1] as number)),
    addVectors(get(sums[2] as number), get(sums[3] as number)),
  );
  const perPair = [
    ...sums.flatMap((sum) => set(sum, zeros)),
    ...set(query, add(get(queries), multiply(loadI32(get(numbers)), get(stride)))),
    ...set(row, add(get(rows), multiply(loadI32(add(get(numbers), constant(4))), get(stride)))),
    ...set(end, add(get(row), get(stride))),
    ...untilEnd(row, get(end), [
      ...step,
      ...set(query, add(get(query), constant(VECTOR_BYTES))),
      ...set(row, add(get(row), constant(VECTOR_BYTES))),
    ]),
    ...set(sums[0] as number, all),
    ...storeF32(get(out), sumOf(get(sums[0] as number))),
    ...set(out, add(get(out), constant(4))),
    ...set(numbers, add(get(numbers), constant(8))),
  ];
  const code = untilEnd(numbers, get(numbersEnd), perPair);
  return { name: 'pairs', parameters: 6, words: 3, vectors: 4, code };
}

/** halves(from, end, to): float16s become float32s, 16 at a time. */
function halvesFunction(): Named<'halves'> {
  const [from, end, to, x] = [0, 1, 2, 3];
  const masked = (bits: number, left: number): wasm.Code =>
    shiftLanesLeft(andVectors(get(x), splat(constant(bits))), left);
  const step = [0, 1, 2, 3].flatMap((k) => [
    ...set(x, [...get(from), ...vector(4), 3, ...leb(8 * k)]),
    ...storeVector(
      get(to),
      // Exponent and fraction where float32 has them, then times 2^112: that is how far the exponents' zeros are apart.
      orVectors(multiplyVectors(masked(0x7fff, 13), splat(constant(0x77800000))), masked(0x8000, 16)),
      16 * k,
    ),
  ]);
  const advance = [...set(from, add(get(from), constant(32))), ...set(to, add(get(to), constant(64)))];
  const code = untilEnd(from, get(end), [...step, ...advance]);
  return { name: 'halves', parameters: 3, words: 0, vectors: 1, code };
}

/** bytes(from, end, to, scale): int8s become float32s times the float32 at `scale`, 16 at a time. */
function bytesFunction(): Named<'bytes'> {
  const [from, end, to, scaleAt, x, scale] = [0, 1, 2, 3, 4, 5];
  const step = [0, 1].flatMap((k) => [
    ...set(x, [...get(from), ...vector(1), 3, ...leb(8 * k)]),
    ...[167, 168].flatMap((half, h) =>
      storeVector(
        get(to),
        multiplyVectors([...get(x), ...vector(half), ...vector(250)], get(scale)),
        32 * k + 16 * h,
      ),
    ),
  ]);
  const advance = [...set(from, add(get(from), constant(16))), ...set(to, add(get(to), constant(64)))];
  const code = [
    ...set(scale, [...get(scaleAt), ...vector(9), 2, 0]),
    ...untilEnd(from, get(end), [...step, ...advance]),
  ];
  return { name: 'bytes', parameters: 4, words: 0, vectors: 2, code };
}

export type ProductName = 'products' | 'pairs' | 'halves' | 'bytes';

export const productFunctions = (): readonly Named<ProductName>[] => [
  productsFunction(),
  pairsFunction(),
  halvesFunction(),
  bytesFunction(),
];
