// IEEE 754 binary16: half of the bytes of float32, for features, whose eleventh bit does not matter.

/** Value of each of the 65,536 half floats. */
let values: Float32Array | undefined;

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The nearest half float of `value`, ties to even; beyond ±65,504 infinite; NaN stays NaN. */
export function toHalf(value: number): number {
  word[0] = value;
  const x = bits[0] as number;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to more than 65,504
  if (magnitude < 0x38800000) {
    // below 2^-14: a multiple of 2^-24; adding 0.5 has the float32 unit round it
    word[0] = Math.abs(value) + 0.5;
    return sign | ((bits[0] as number) - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/** The value of a half float. */
export function fromHalf(half: number): number {
  return table()[half & 0xffff] as number;
}

/** The values of half floats, written to `out`. */
export function fromHalves(halves: Uint16Array, out: Float32Array): void {
  const known = table();
  for (let k = 0; k < halves.length; k++) out[k] = known[halves[k] as number] as number;
}

function table(): Float32Array {
  values ??= Float32Array.from({ length: 65_536 }, (_, half) => {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return half & 0x8000 ? -magnitude : magnitude;
  });
  return values;
}
