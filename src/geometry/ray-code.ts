// Where the rays through a row of a BEV meet a panorama or a photo, as WebAssembly: two pixels at a time, in the float64s and the
// order of the loops in bev-table.ts, so that their tables and these have the same bits; and what lies between such rays.
import { type WasmFunction, wasm } from '../wasm/index.js';
import { ARC_TANGENT_STEPS, ARC_TANGENTS } from './atan2.js';
import { ONE_PX, OUTSIDE } from './bev-table.js';

const {
  absolutePairs,
  add,
  addLanes,
  addPairs,
  andVectors,
  areAtLeastLanes,
  areAtLeastPairs,
  areLessLanes,
  areLessPairs,
  areMorePairs,
  choose,
  constant,
  differPairs,
  dividePairs,
  doWhile,
  firstOfBoth,
  floorPairs,
  get,
  greaterLanes,
  greaterPairs,
  isLess,
  isLessUnsigned,
  isMore,
  lanes,
  lesserLanes,
  lesserPairs,
  load,
  loadLanes,
  loadPair,
  multiply,
  multiplyLanes,
  multiplyPairs,
  negatePairs,
  pair,
  pairsOf,
  pickBits,
  rootPairs,
  secondOfBoth,
  set,
  shiftLanesRight,
  splat,
  storeLanes,
  storeTwoLanes,
  subtract,
  subtractLanes,
  subtractPairs,
  truncatePairs,
  wordLane,
} = wasm;

/** Every so many pixels of a row of the BEV there is a ray, where those between are not followed themselves. */
export const RAY_SPACING = 4;
/** Entries that are written beyond the last pixel of a row. */
export const SPARE_ENTRIES = RAY_SPACING - 1;

/**
 * What the functions of rays are told of a row of the BEV: float64s, in this order. A ray's coordinates along the camera's axes
 * are those of `start` and, `pixel` steps on, so many times those of `step`; `pixel` is that of the first ray, each has one more.
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
  ...set(LEFT, firstOfBoth(loadLanes(get(FIRST)), loadLanes(get(SECOND)))),
  ...set(ANGLE, secondOfBoth(loadLanes(get(FIRST)), loadLanes(get(SECOND)))),
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

/** The row of the sphere into Z. */
const sphereRow = (): wasm.Code => [
  ...set(ACROSS, get(Z)),
  ...set(ALONG, rootPairs(addPairs(multiplyPairs(get(X), get(X)), multiplyPairs(get(Y), get(Y))))),
  ...arcTangent(),
  ...set(Z, subtractPairs(number('middleY'), multiplyPairs(number('perRadianY'), get(ANGLE)))),
];
/** Between the centres of the image's pixels. */
const imageRow = () => subtractPairs(subtractPairs(get(Z), number('top')), pair(0.5));
/** The entry of the column into X. */
const sphereColumn = (): wasm.Code => [
  ...set(ACROSS, get(X)),
  ...set(ALONG, get(Y)),
  ...arcTangent(),
  ...set(X, entry(addPairs(number('middleX'), multiplyPairs(number('perRadianX'), get(ANGLE))))),
];

/**
 * sphereEntries(column, row, columnEnd, numbers, arcTangents): the entries of a row of the BEV, see sphereTable. An odd number of
 * them is followed by one that means nothing.
 */
const sphereEntries = () =>
  entries('sphereEntries', [
    ...sphereRow(),
    ...set(
      SEEN,
      andVectors(areAtLeastPairs(get(Z), number('top')), areAtLeastPairs(number('bottom'), get(Z))),
    ),
    ...storeTwoLanes(get(ROW), rowEntry(imageRow())),
    ...sphereColumn(),
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

/** sphereKnots, of the same parameters: rays as betweenKnots takes them, neither held inside the image nor left out. */
const sphereKnots = () =>
  entries('sphereKnots', [
    ...sphereRow(),
    ...storeTwoLanes(get(ROW), truncatePairs(entry(imageRow()))),
    ...sphereColumn(),
    ...storeTwoLanes(get(COLUMN), truncatePairs(get(X))),
  ]);

/**
 * betweenKnots(knotColumn, knotRow, column, row, columnEnd, circle, lastRow, bottom): entries in a line between each knot and the
 * next one, RAY_SPACING of them, the shorter way around the circle; rows beyond half a pixel above the first one or `bottom`
 * are OUTSIDE.
 */
function betweenKnots(): WasmFunction & { readonly name: 'betweenKnots' } {
  const [knotColumn, knotRow, column, row, columnEnd, circle, lastRow, bottom] = [0, 1, 2, 3, 4, 5, 6, 7];
  const way = 8;
  const at = 9;
  const half = RAY_SPACING / 2;
  const line = (from: wasm.Code) => {
    const parts = multiplyLanes(splat(get(way)), lanes([0, 1, 2, 3]));
    const rounded = shiftLanesRight(addLanes(parts, lanes(new Array(4).fill(half))), Math.log2(RAY_SPACING));
    return set(at, addLanes(splat(from), rounded));
  };
  const difference = (knots: number) => set(way, subtract(load(get(knots), 4), load(get(knots))));
  const twice = multiply(get(way), constant(2));
  const back = subtract(get(way), get(circle));
  const on = add(get(way), get(circle));
  const seen = andVectors(
    areAtLeastLanes(get(at), splat(constant(-ONE_PX / 2))),
    areAtLeastLanes(splat(get(bottom)), get(at)),
  );
  const held = greaterLanes(lesserLanes(get(at), splat(get(lastRow))), splat(constant(0)));
  const code = doWhile(
    [
      ...difference(knotColumn),
      ...set(way, choose(isMore(twice, get(circle)), back, get(way))),
      ...set(way, choose(isLess(twice, subtract(constant(0), get(circle))), on, get(way))),
      ...line(load(get(knotColumn))),
      ...set(
        at,
        addLanes(get(at), andVectors(splat(get(circle)), areLessLanes(get(at), splat(constant(0))))),
      ),
      ...set(
        at,
        subtractLanes(get(at), andVectors(splat(get(circle)), areAtLeastLanes(get(at), splat(get(circle))))),
      ),
      ...storeLanes(get(column), get(at)),
      ...difference(knotRow),
      ...line(load(get(knotRow))),
      ...storeLanes(get(row), pickBits(seen, held, splat(constant(OUTSIDE)))),
      ...[knotColumn, knotRow].flatMap((knot) => set(knot, add(get(knot), constant(4)))),
      ...[column, row].flatMap((entries) => set(entries, add(get(entries), constant(4 * RAY_SPACING)))),
    ],
    isLessUnsigned(get(column), get(columnEnd)),
  );
  return { name: 'betweenKnots', parameters: 8, words: 1, vectors: 1, code };
}

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

export const rayFunctions = () => [sphereEntries(), sphereKnots(), betweenKnots(), photoEntries()];
