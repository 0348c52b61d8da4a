// Small float64 helpers for tests that work a loss out by hand.
import assert from 'node:assert/strict';
import type { Scalar } from '@tensorflow/tfjs-node-gpu';

export type Matrix = readonly (readonly number[])[];

export const value = (loss: Scalar) => loss.dataSync()[0] ?? Number.NaN;
export const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
export const transpose = (m: Matrix) => (m[0] ?? []).map((_, j) => m.map((row) => row[j] ?? 0));
export const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
/** Relative above 1, absolute below. */
export function close(found: number, expected: number, tolerance = 1e-5): void {
  const error = Math.abs(found - expected) / Math.max(1, Math.abs(expected));
  assert.ok(error < tolerance, `${found} is not ${expected}`);
}
