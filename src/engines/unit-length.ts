// Descriptors are of unit length: the one place that says how close is close enough.

import type { Tensor } from './engine.js';

/** How far a descriptor's length may be from 1: the rounding of a network in half precision. */
export const LENGTH_TOLERANCE = 1e-3;

/**
 * What is wrong with `length` values from `start` on as a descriptor, as in "has length 2, expected 1"; undefined
 * where nothing is.
 */
export function unitLengthFault(
  values: Float32Array,
  start = 0,
  length = values.length - start,
): string | undefined {
  let square = 0;
  for (let i = start; i < start + length; i++) square += (values[i] as number) ** 2;
  if (Math.abs(Math.sqrt(square) - 1) <= LENGTH_TOLERANCE) return undefined;
  if (Number.isFinite(square))
    return `has length ${Math.sqrt(square)}, expected 1 within ${LENGTH_TOLERANCE}`;
  const strange = values.subarray(start, start + length).findIndex((value) => !Number.isFinite(value));
  return `holds ${values[start + strange]} (value ${strange})`;
}

/** A row whose length is off by more than this is no rounded descriptor. */
const ROUNDING = 0.02;

/** Gives rows of descriptors [n,D] that are nearly of unit length that length, in place; others stay as they are. */
export function restoreLength({ data, shape: [, dimensions = 0] }: Tensor): void {
  for (let start = 0; start < data.length; start += dimensions) {
    const row = data.subarray(start, start + dimensions);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (!(Math.abs(length - 1) <= ROUNDING)) continue;
    for (let k = 0; k < dimensions; k++) row[k] = (row[k] as number) / length;
  }
}
