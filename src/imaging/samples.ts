// Samples of more than 8 bits to 8 bits. What a file declares says how wide its numbers are, not how far they reach:
// cameras write 10, 12 or 14 bits into 16, and float images reach to 1, 255 or 65535. The values decide, and a warning
// says what was decided.
import { SkyfixError } from '../errors/index.js';
import type { SampleForm } from './file-facts.js';

export interface ScaledSamples {
  readonly data: Uint8Array;
  /** Undefined where the values fill what is declared. */
  readonly warning?: string;
}

const FORMS: Readonly<Record<SampleForm['kind'], readonly number[]>> = {
  unsigned: [1, 2, 4, 8, 16],
  float: [16, 32],
  signed: [],
  complex: [],
};

/** Throws IMAGE_SAMPLES_UNSUPPORTED for forms that the decoder refuses or misreads. */
export function checkSampleForm({ bits, kind }: SampleForm): void {
  if (FORMS[kind].includes(bits)) return;
  throw new SkyfixError(
    'IMAGE_SAMPLES_UNSUPPORTED',
    `Its samples are ${kind} numbers of ${bits} bits; unsigned ones of up to 8 or of 16 bits and floats of 16 or 32 are read.`,
  );
}

/** Significant bits of 16 that are looked for; from the last on the whole range is in use. */
const SIGNIFICANT_BITS = [8, 10, 12, 14];

/** 16-bit values; those that stay under 2^14, a quarter of the range, are taken for 8, 10, 12 or 14-bit values. */
export function scaleUnsigned16(values: Uint16Array): ScaledSamples {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  const bits = most === 0 ? 16 : (SIGNIFICANT_BITS.find((count) => most < 2 ** count) ?? 16);
  const shift = bits - 8;
  const data = new Uint8Array(values.length);
  for (let k = 0; k < data.length; k++) data[k] = (values[k] as number) >> shift;
  if (bits === 16) return { data };
  const warning = `Its 16-bit samples reach only to ${most}: they were taken as ${bits}-bit values and scaled up.`;
  return { data, warning };
}

/** Values that float images reach to, and how bright they must be on average to be of that kind. */
const FLOAT_RANGES = [
  { most: 1, leastMean: 0 },
  { most: 255, leastMean: 4 },
  { most: 65535, leastMean: 1000 },
];

/** Float values of 0 to 1, 255 or 65535, display-encoded. Throws IMAGE_SAMPLES_UNSUPPORTED for any other range (HDR). */
export function scaleFloats(values: Float32Array): ScaledSamples {
  let [least, most, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
    count++;
  }
  const range = FLOAT_RANGES.find(
    (candidate) => most <= candidate.most * 1.001 && least >= -0.001 * candidate.most,
  );
  if (!range || sum / count < range.leastMean) {
    throw new SkyfixError(
      'IMAGE_SAMPLES_UNSUPPORTED',
      `Its float samples reach from ${short(least)} to ${short(most)}, ${short(sum / count)} on average: ` +
        'not 0 to 1, 255 or 65535.',
    );
  }
  const scale = 255 / range.most;
  // NaN becomes 0.
  const clamped = Uint8ClampedArray.from(values, (value) => value * scale);
  const lost = values.length - count;
  const warning =
    `Its float samples reach from ${short(least)} to ${short(most)}: they were taken as 0 to ${range.most}, encoded for ` +
    `display${lost > 0 ? `; ${lost} that are no numbers became black` : ''}.`;
  return { data: new Uint8Array(clamped.buffer), warning };
}

const short = (value: number) => Number(value.toPrecision(4));
