// Instructions as the bytes that they are (https://webassembly.github.io/spec/core/binary): an expression is the bytes that
// leave its value on the stack, so that expressions nest as they do in text.

export type Code = readonly number[];

/** Unsigned LEB128. */
export const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
const signedLeb = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)];

const binary =
  (...operator: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...operator];
/** The bytes by which an instruction on vectors begins. */
export const vector = (instruction: number): number[] => [0xfd, ...leb(instruction)];

// Locals and control.
export const get = (local: number): Code => [0x20, ...leb(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...leb(local)];
/** The first where the condition is not 0, else the second; both are computed. */
export const choose = (condition: Code, a: Code, b: Code): Code => [...a, ...b, ...condition, 0x1b];
/** Does the body, and again while the condition holds. */
export const doWhile = (body: Code, condition: Code): Code => [
  ...[0x03, 0x40, ...body],
  ...[...condition, 0x0d, 0, 0x0b],
];

// 32-bit integers.
export const constant = (value: number): Code => [0x41, ...signedLeb(value)];
export const isLess = binary(0x48);
export const isLessUnsigned = binary(0x49);
export const isMore = binary(0x4a);
export const add = binary(0x6a);
export const subtract = binary(0x6b);
export const multiply = binary(0x6c);
export const and = binary(0x71);
export const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x75];

// Memory; of any alignment.
export const load = (at: Code, offset = 0): Code => [...at, 0x28, 0, ...leb(offset)];
export const load16 = (at: Code): Code => [...at, 0x2f, 0, 0];
export const store = (at: Code, value: Code): Code => [...at, ...value, 0x36, 0, 0];
export const store8 = (at: Code, value: Code): Code => [...at, ...value, 0x3a, 0, 0];

// Vectors of 16 bytes.
/** Eight bytes, and as many zeros. */
export const loadHalf = (at: Code): Code => [...at, ...vector(93), 0, 0];
export const bytes = (values: readonly number[]): Code => [...vector(12), ...values];
/** The bytes of `from` in another order; 0 where a place is 0x80. */
export const pick = (from: Code, places: readonly number[]): Code => [
  ...from,
  ...bytes([...places, ...new Array<number>(16 - places.length).fill(0x80)]),
  ...vector(14),
];
export const splat = (value: Code): Code => [...value, ...vector(17)];
/** One of four 32-bit lanes. */
export const wordLane = (of: Code, k: number): Code => [...of, ...vector(27), k];
export const firstLane = (of: Code): Code => [...of, ...vector(27), 0];
/** The first eight bytes as 16-bit lanes. */
export const widenBytes = (of: Code): Code => [...of, ...vector(137)];
/** The first four of eight 16-bit lanes, unsigned, as 32-bit ones. */
export const widenShorts = (of: Code): Code => [...of, ...vector(169)];
export const addShorts = binary(...vector(142));
export const multiplyShorts = binary(...vector(149));
export const shiftLanesLeft = (of: Code, bits: number): Code => [...of, ...constant(bits), ...vector(171)];
/** Signed. */
export const shiftLanesRight = (of: Code, bits: number): Code => [...of, ...constant(bits), ...vector(172)];
export const addLanes = binary(...vector(174));
export const subtractLanes = binary(...vector(177));
export const multiplyLanes = binary(...vector(181));
export const lesserLanes = binary(...vector(182));
export const greaterLanes = binary(...vector(184));
export const differLanes = binary(...vector(56));
export const areLessLanes = binary(...vector(57));
export const areAtLeastLanes = binary(...vector(63));
/** Four 32-bit lanes. */
export const lanes = (values: readonly number[]): Code =>
  bytes([...new Uint8Array(new Int32Array(values).buffer)]);
/** Of any alignment. */
export const storeLanes = (at: Code, value: Code): Code => [...at, ...value, ...vector(11), 0, 0];
/** Sums of the products of neighbouring signed 16-bit lanes, as four 32-bit lanes. */
export const dot = binary(...vector(186));

// Float32s and whole vectors, each at a multiple of its size.
export const loadI32 = (at: Code): Code => [...at, 0x28, 2, 0];
export const storeF32 = (at: Code, value: Code, offset = 0): Code => [
  ...[...at, ...value],
  ...[0x38, 2, ...leb(offset)],
];
export const addF32 = binary(0x92);
export const loadVector = (at: Code, offset: number): Code => [...at, ...vector(0), 4, ...leb(offset)];
export const storeVector = (at: Code, value: Code, offset: number): Code => [
  ...[...at, ...value],
  ...[...vector(11), 4, ...leb(offset)],
];
export const zeros: Code = bytes(new Array<number>(16).fill(0));
export const lane = (of: Code, k: number): Code => [...of, ...vector(31), k];
export const addVectors = binary(...vector(228));
export const multiplyVectors = binary(...vector(230));
export const andVectors = binary(...vector(78));
export const orVectors = binary(...vector(80));

// Pairs of float64s.
export const pair = (value: number): Code => {
  const both = new Uint8Array(new Float64Array([value, value]).buffer);
  return bytes([...both]);
};
/** The float64 at an address, twice. */
export const loadPair = (at: Code, offset = 0): Code => [...at, ...vector(10), 0, ...leb(offset)];
/** Four 32-bit lanes, or two float64s, one behind the other; of any alignment. */
export const loadLanes = (at: Code): Code => [...at, ...vector(0), 0, 0];
/** The first two of four 32-bit lanes. */
export const storeTwoLanes = (at: Code, value: Code): Code => [...at, ...value, ...vector(91), 0, 0, 0];
/** Of the float64s a, b and c, d: a, c. */
export const firstOfBoth = (a: Code, b: Code): Code => [...a, ...b, ...vector(13), ...TAKEN.first];
/** And b, d. */
export const secondOfBoth = (a: Code, b: Code): Code => [...a, ...b, ...vector(13), ...TAKEN.second];
const TAKEN = {
  first: [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
  second: [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31],
};
export const differPairs = binary(...vector(72));
export const areLessPairs = binary(...vector(73));
export const areMorePairs = binary(...vector(74));
export const areAtLeastPairs = binary(...vector(76));
/** Bits of a where those of `where` are 1, else of b. */
export const pickBits = (where: Code, a: Code, b: Code): Code => [...a, ...b, ...where, ...vector(82)];
export const floorPairs = (of: Code): Code => [...of, ...vector(117)];
export const absolutePairs = (of: Code): Code => [...of, ...vector(236)];
export const negatePairs = (of: Code): Code => [...of, ...vector(237)];
export const rootPairs = (of: Code): Code => [...of, ...vector(239)];
export const addPairs = binary(...vector(240));
export const subtractPairs = binary(...vector(241));
export const multiplyPairs = binary(...vector(242));
export const dividePairs = binary(...vector(243));
export const lesserPairs = binary(...vector(246));
export const greaterPairs = binary(...vector(247));
/** As two 32-bit lanes, cut off behind the point, and two zeros. */
export const truncatePairs = (of: Code): Code => [...of, ...vector(252)];
/** The first two of four 32-bit lanes as float64s. */
export const pairsOf = (of: Code): Code => [...of, ...vector(254)];
