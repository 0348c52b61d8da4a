// Numbers in 8 bits: activations by one scale and zero point, weights by a scale for each output channel.
import type { Range } from './histogram.js';
import type { Weights } from './units.js';

/** value = scale * (byte - zeroPoint), byte in 0..255 */
export interface ByteScale {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** How a range lies in a byte. Where nothing is negative, 0 is byte 0. */
export function byteScaleOf({ low, high }: Range): ByteScale {
  const scale = Math.fround((high - low) / 255);
  if (!(scale > 0)) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

export const WEIGHT_BITS = [7, 8] as const;
/**
 * 7: from -64 to 64, so that the sum of two products with bytes fits into the 16 bits that processors without VNNI add
 * them up in; with 8 bits they cut it off there.
 */
export type WeightBits = (typeof WEIGHT_BITS)[number];

const HIGHEST: Readonly<Record<WeightBits, number>> = { 7: 64, 8: 127 };

/** A scale may be smaller than that of the largest weight, where the others gain more than it loses. */
const SHRUNK = [1, 0.95, 0.9, 0.85, 0.8];

/** What a bias must stay below in units of its scale: 32 bits, with room for the sum. */
const HIGHEST_BIAS = 2 ** 30;

export interface RoundedWeights {
  readonly scales: Float32Array;
  readonly bytes: Int8Array;
  /** In units of the input's scale times the channel's; absent where the layer has none. */
  readonly bias?: Int32Array;
  readonly biasScales: Float32Array;
}

/**
 * A layer's weights and bias in whole numbers. With the means of its input's channels, the bias takes back what rounding the
 * weights adds to the mean of each output channel.
 */
export function roundWeights(
  { constant: { shape, data }, axis, bias }: Weights,
  input: ByteScale,
  bits: WeightBits,
  inputMeans?: Float64Array,
): RoundedWeights {
  const channels = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = data.length / (channels * inner);
  const scales = new Float32Array(channels);
  const biasScales = new Float32Array(channels);
  const bytes = new Int8Array(data.length);
  const rounded = bias && new Int32Array(channels);
  const each = outer * inner;
  for (let channel = 0; channel < channels; channel++) {
    const at = (k: number) => (Math.floor(k / inner) * channels + channel) * inner + (k % inner);
    const values = Float32Array.from({ length: each }, (_, k) => data[at(k)] as number);
    const least = Math.abs(bias?.constant.data[channel] ?? 0) / (input.scale * HIGHEST_BIAS);
    const scale = bestScale(values, HIGHEST[bits], least);
    scales[channel] = scale;
    const biasScale = Math.fround(input.scale * scale);
    biasScales[channel] = biasScale;
    let moved = 0;
    for (let k = 0; k < each; k++) {
      const value = values[k] as number;
      const byte = rounding(value / scale, HIGHEST[bits]);
      bytes[at(k)] = byte;
      moved += (byte * scale - value) * meanOf(inputMeans, { shape, axis, channel, k, each });
    }
    if (rounded && bias) {
      rounded[channel] = Math.round(((bias.constant.data[channel] as number) - moved) / biasScale);
    }
  }
  return { scales, bytes, ...(rounded && { bias: rounded }), biasScales };
}

const rounding = (value: number, highest: number) => Math.max(-highest, Math.min(highest, Math.round(value)));

/** The scale with the least squared error. */
function bestScale(values: Float32Array, highest: number, least: number): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return Math.max(1, least);
  let best = { scale: largest / highest, error: Number.POSITIVE_INFINITY };
  for (const share of SHRUNK) {
    const scale = Math.fround(Math.max((share * largest) / highest, least));
    let error = 0;
    for (const value of values) error += (rounding(value / scale, highest) * scale - value) ** 2;
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}

/** The mean of what weight `k` of an output channel is multiplied with. */
function meanOf(
  means: Float64Array | undefined,
  {
    shape,
    axis,
    channel,
    k,
    each,
  }: { shape: readonly number[]; axis: number; channel: number; k: number; each: number },
): number {
  if (!means) return 0;
  // A convolution's weights are [out, in / groups, ...]; a product's have one number for each input.
  const inputs = axis === 0 ? (shape[1] ?? 1) : each;
  const groups = Math.max(1, Math.round(means.length / inputs));
  const perGroup = (shape[axis] ?? 1) / groups;
  const first = axis === 0 ? Math.floor(channel / perGroup) * inputs : 0;
  return means[first + Math.floor(k / (each / inputs))] ?? 0;
}
