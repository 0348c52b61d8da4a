// float16 (IEEE 754 binary16), which Node 20 has no array for.

const bits = new DataView(new ArrayBuffer(4));

/** The nearest float16 of a number, ties to the even one, as its 16 bits; beyond 65,504 it is infinite. */
export function toHalf(value: number): number {
  bits.setFloat32(0, value);
  const single = bits.getUint32(0);
  const sign = (single >>> 16) & 0x8000;
  const exponent = (single >>> 23) & 0xff;
  const fraction = single & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const shifted = exponent - 112; // of float16, whose bias is 15 and not 127
  if (shifted >= 31) return sign | 0x7c00;
  // Below 2^-14 the leading 1 is written out and moves to the right.
  const significand = shifted > 0 ? fraction : fraction | 0x800000;
  const drop = shifted > 0 ? 13 : 14 - shifted;
  if (drop > 24) return sign;
  const kept = significand >>> drop;
  const rest = significand & ((1 << drop) - 1);
  const middle = 1 << (drop - 1);
  const up = rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0;
  // A carry out of the fraction counts the exponent up, which is right.
  return sign | ((shifted > 0 ? shifted << 10 : 0) + kept + up);
}

/** Many numbers as float16. */
export const toHalves = (values: Float32Array): Uint16Array => Uint16Array.from(values, toHalf);

let halves: Float32Array | undefined;

/** The numbers of all 65,536 float16s: made once, 256 kB. */
function halfValues(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => {
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return exponent === 31 ? Number.NaN : bits & 0x8000 ? -size : size;
  });
  return halves;
}

/** The numbers of float16s, into an array of as many; those that are none or infinite are NaN. */
export function unpackHalves(packed: Uint16Array, into: Float32Array): void {
  const numbers = halfValues();
  for (let i = 0; i < packed.length; i++) into[i] = numbers[packed[i] as number] as number;
}
