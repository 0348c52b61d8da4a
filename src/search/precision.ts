// How descriptors are kept: as they are, or each number in 16 or in 8 bits. What is kept is what scores are computed from.
import { toHalf, unpackHalves } from '../onnx/index.js';

/** f32: as the encoder gave them. f16: half the file. i8: a quarter, each descriptor with a scale of its own. */
export const DESCRIPTOR_PRECISIONS = ['f32', 'f16', 'i8'] as const;
export type DescriptorPrecision = (typeof DESCRIPTOR_PRECISIONS)[number];
export const BYTES_PER_VALUE: Readonly<Record<DescriptorPrecision, number>> = { f32: 4, f16: 2, i8: 1 };

const HIGHEST_BYTE = 127;

/** Writes numbers as float16 into `into`. */
export function packHalves(values: Float32Array, into: Uint16Array): void {
  for (let i = 0; i < values.length; i++) into[i] = toHalf(values[i] as number);
}

/**
 * Writes one descriptor in bytes into `into`, the largest number as 127; returns the scale that they are multiplied by to
 * have unit length again.
 */
export function packBytes(descriptor: Float32Array, into: Int8Array): number {
  let highest = 0;
  for (let i = 0; i < descriptor.length; i++) highest = Math.max(highest, Math.abs(descriptor[i] as number));
  if (highest === 0) return 0;
  let square = 0;
  for (let i = 0; i < descriptor.length; i++) {
    const byte = Math.round(((descriptor[i] as number) / highest) * HIGHEST_BYTE);
    into[i] = byte;
    square += byte * byte;
  }
  return Math.fround(1 / Math.sqrt(square));
}

export function unpackBytes(packed: Int8Array, scale: number, into: Float32Array): void {
  for (let i = 0; i < packed.length; i++) into[i] = (packed[i] as number) * scale;
}

/** Makes descriptors [n * dimensions] what they are after being kept so, in place. */
export function roundTo(precision: DescriptorPrecision, data: Float32Array, dimensions: number): void {
  if (precision === 'f32' || dimensions === 0) return;
  const words = new Uint16Array(dimensions);
  const bytes = new Int8Array(dimensions);
  for (let at = 0; at < data.length; at += dimensions) {
    const descriptor = data.subarray(at, at + dimensions);
    if (precision === 'f16') {
      packHalves(descriptor, words);
      unpackHalves(words, descriptor);
    } else unpackBytes(bytes, packBytes(descriptor, bytes), descriptor);
  }
}
