// Where the rays through a row of a BEV meet a panorama or a photo, as WebAssembly: two pixels at a time, in the float64s and the
// order of the loops in bev-table.ts, so that their tables and these have the same bits.
import { type WasmFunction, wasm } from '../wasm/index.js';
import { ARC_TANGENT_STEPS, ARC_TANGENTS } from './atan2.js';
import { ONE_PX, OUTSIDE } from './bev-table.js';

const {
  absolutePairs,
  add,
  addPairs,
  andVectors,
  areAtLeastPairs,
  areLessPairs,
  areMorePairs,
  constant,
  differPairs,
  dividePairs,
  doWhile,
  firstOfBoth,
  floorPairs,
  get,
  greaterPairs,
  isLessUnsigned,
  lesserPairs,
  loadPair,
  loadTwo,
  multiply,
  multiplyPairs,
  negatePairs,
  pair,
  pairsOf,
  pickBits,
  rootPairs,
  secondOfBoth,
  set,
  storeTwoLanes,
  subtractPairs,
  truncatePairs,
  wordLane,
} = wasm;

/** Entries that are written beyond the last pixel of a row. */
export const SPARE_ENTRIES = 1;

/**
 * What both functions are told of a row of the BEV: float64s, in this order. A ray's coordinates along the camera's axes are
 * those of `start` and, (j - centre) pixels on, so many times those of `step`; `pixel` is that of the first pixel.
 */
export const RAY_NUMBERS = [
  ...['startX', 'startY', 'startZ', 'stepX', 'stepY', 'stepZ', 'pixel'],
  ...['perRadianX', 'perRadianY', 'middleX', 'middleY', 'top', 'bottom', 'lastRow', 'circle'],
] as const;
export type RayNumbers = Readonly<Record<(typeof RAY_NUMBERS)[number], number>>;

const [COLUMN, ROW, COLUMN_END, NUMBERS, TABLE] = [0, 1, 2, 3, 4];
const [FIRST, SECOND] = [5, 6];
const [PIXEL, X, Y, Z] = [7, 8, 9, 10];
const [ACROSS, ALONG, ANGLE, AT, STEPS, LEFT, SEEN] = [11, 12, 13, 14, 15, 16, 17];

const number = (name: (typeof RAY_NUMBERS)[number]) => loadPair(get(NUMBERS), 8 * RAY_NUMBERS.indexOf(name));
const alongAxis = (local: number, start: 'startX' | 'startY' | 'startZ', step: 'stepX' | 'stepY' | 'stepZ') =>
  set(local, addPairs(number(start), multiplyPairs(get(PIXEL), number(step))));

/** approximateAtan2(ACROSS, ALONG) into ANGLE. */
const arcTangent = (): wasm.Code => [
  ...set(LEFT, greaterPairs(absolutePairs(get(ACROSS)), absolutePairs(get(ALONG)))),
  ...set(AT, dividePairs(lesserPairs(absolutePairs(get(ACROSS)), absolutePairs(get(ALONG))), get(LEFT))),
  // Of the origin the angle is 0.
  ...set(AT, andVectors(get(AT), differPairs(get(LEFT), pair(0)))),
  ...set(AT, multiplyPairs(get(AT), pair(ARC_TANGENT_STEPS))),
  ...set(STEPS, truncatePairs(get(AT))),
  ...set(AT, subtractPairs(get(AT), pairsOf(get(STEPS)))),
  ...set(FIRST, add(get(TABLE), multiply(wordLane(get(STEPS), 0), constant(8)))),
  ...set(SECOND, add(get(TABLE), multiply(wordLane(get(STEPS), 1), constant(8)))),
  ...set(LEFT, firstOfBoth(loadTwo(get(FIRST)), loadTwo(get(SECOND)))),
  ...set(ANGLE, secondOfBoth(loadTwo(get(FIRST)), loadTwo(get(SECOND)))),
  ...set(ANGLE, addPairs(get(LEFT), multiplyPairs(get(AT), subtractPairs(get(ANGLE), get(LEFT))))),
  ...set(
    ANGLE,
    pickBits(
      areMorePairs(absolutePairs(get(ACROSS)), absolutePairs(get(ALONG))),
      subtractPairs(pair(Math.PI / 2), get(ANGLE)),
      get(ANGLE),
    ),
  ),
  ...set(
    ANGLE,
    pickBits(areLessPairs(get(ALONG), pair(0)), subtractPairs(pair(Math.PI), get(ANGLE)), get(ANGLE)),
  ),
  ...set(ANGLE, pickBits(areLessPairs(get(ACROSS), pair(0)), negatePairs(get(ANGLE)), get(ANGLE))),
];

/** Counts 1/256 of a pixel, rounded half up. */
const entry = (px: wasm.Code): wasm.Code => floorPairs(addPairs(multiplyPairs(px, pair(ONE_PX)), pair(0.5)));
/** OUTSIDE where a pixel is not seen. */
const rowEntry = (v: wasm.Code): wasm.Code => {
  const held = lesserPairs(greaterPairs(entry(v), pair(0)), number('lastRow'));
  return truncatePairs(pickBits(get(SEEN), held, pair(OUTSIDE)));
};

function entries<Name extends string>(name: Name, ofPair: wasm.Code): WasmFunction & { readonly name: Name } {
  const code = [
    ...set(PIXEL, addPairs(number('pixel'), ZERO_AND_ONE)),
    ...doWhile(
      [
        ...alongAxis(X, 'startX', 'stepX'),
        ...alongAxis(Y, 'startY', 'stepY'),
        ...alongAxis(Z, 'startZ', 'stepZ'),
        ...ofPair,
        ...set(PIXEL, addPairs(get(PIXEL), pair(2))),
        ...set(COLUMN, add(get(COLUMN), constant(8))),
        ...set(ROW, add(get(ROW), constant(8))),
      ],
      isLessUnsigned(get(COLUMN), get(COLUMN_END)),
    ),
  ];
  return { name, parameters: 5, words: 2, vectors: 11, code };
}

const ZERO_AND_ONE = wasm.bytes([...new Uint8Array(new Float64Array([0, 1]).buffer)]);

/**
 * sphereEntries(column, row, columnEnd, numbers, arcTangents): the entries of a row of the BEV, see sphereTable. An odd number of
 * them is followed by one that means nothing.
 */
const sphereEntries = () =>
  entries('sphereEntries', [
    ...set(ACROSS, get(Z)),
    ...set(ALONG, rootPairs(addPairs(multiplyPairs(get(X), get(X)), multiplyPairs(get(Y), get(Y))))),
    ...arcTangent(),
    ...set(Z, subtractPairs(number('middleY'), multiplyPairs(number('perRadianY'), get(ANGLE)))),
    ...set(
      SEEN,
      andVectors(areAtLeastPairs(get(Z), number('top')), areAtLeastPairs(number('bottom'), get(Z))),
    ),
    ...storeTwoLanes(get(ROW), rowEntry(subtractPairs(subtractPairs(get(Z), number('top')), pair(0.5)))),
    ...set(ACROSS, get(X)),
    ...set(ALONG, get(Y)),
    ...arcTangent(),
    ...set(X, entry(addPairs(number('middleX'), multiplyPairs(number('perRadianX'), get(ANGLE))))),
    ...set(
      X,
      pickBits(
        areAtLeastPairs(get(X), number('circle')),
        subtractPairs(get(X), number('circle')),
        greaterPairs(get(X), pair(0)),
      ),
    ),
    ...storeTwoLanes(get(COLUMN), truncatePairs(get(X))),
  ]);

/** photoEntries, of the same parameters: see pinholeTable. perRadianX is the focal length in pixels. */
const photoEntries = () =>
  entries('photoEntries', [
    ...set(SEEN, areMorePairs(get(Y), pair(0))),
    ...set(Y, dividePairs(number('perRadianX'), get(Y))),
    ...set(X, addPairs(number('middleX'), multiplyPairs(get(Y), get(X)))),
    ...set(Z, subtractPairs(number('middleY'), multiplyPairs(get(Y), get(Z)))),
    ...set(SEEN, andVectors(get(SEEN), within(X, 'circle'))),
    ...set(SEEN, andVectors(get(SEEN), within(Z, 'bottom'))),
    ...storeTwoLanes(get(ROW), rowEntry(subtractPairs(get(Z), pair(0.5)))),
    ...storeTwoLanes(get(COLUMN), truncatePairs(entry(get(X)))),
  ]);

const within = (local: number, end: 'circle' | 'bottom'): wasm.Code =>
  andVectors(areAtLeastPairs(get(local), pair(0)), areAtLeastPairs(number(end), get(local)));

/** What both read: where a tangent's step begins and ends. */
export const ARC_TANGENT_BYTES = ARC_TANGENTS.byteLength;

export const rayFunctions = () => [sphereEntries(), photoEntries()];
