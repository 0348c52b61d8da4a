// Directions in which two kinds of vectors that belong together have most in common, measured against how much they vary at all:
// canonical correlations with one projection for both sides, regularised (Hotelling 1936; Vinod 1976).
import type { CellCovariances } from './statistics.js';
import { type Eigen, symmetricEigen } from './symmetric-eigen.js';

/**
 * The solutions v of between · v = ρ (within + added I) v, highest ρ first, each scaled so that vᵀ (within + added I) v = 1: rows
 * of `vectors`. Throws RangeError for matrices that are not symmetric or not finite.
 */
export function commonDirections({ between, within }: CellCovariances, size: number, added: number): Eigen {
  const root = inverseRoot(within, size, added);
  const whitened = symmetrised(product(product(root, between, size), root, size), size);
  const { values, vectors } = symmetricEigen({ size, data: whitened });
  return { values, vectors: product(vectors, root, size) };
}

/** The mean variance of a covariance matrix. */
export function meanDiagonal(matrix: Float64Array, size: number): number {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i] as number;
  return trace / size;
}

/** (A + λ I)^-½. */
function inverseRoot(matrix: Float64Array, size: number, added: number): Float64Array {
  const { values, vectors } = symmetricEigen({ size, data: symmetrised(matrix, size) });
  const scaled = new Float64Array(size * size);
  const least = 1e-9 * meanDiagonal(matrix, size); // of rounding alone: such a direction holds nothing
  for (let k = 0; k < size; k++) {
    const factor = Math.max(least, (values[k] as number) + added) ** -0.25;
    for (let i = 0; i < size; i++) scaled[k * size + i] = factor * (vectors[k * size + i] as number);
  }
  return product(transposed(scaled, size), scaled, size);
}

/** [rows, size] times [size, size]. */
function product(left: Float64Array, right: Float64Array, size: number): Float64Array {
  const out = new Float64Array(left.length);
  for (let i = 0; i < left.length; i += size) {
    for (let k = 0; k < size; k++) {
      const factor = left[i + k] as number;
      if (factor === 0) continue;
      for (let j = 0, r = k * size; j < size; j++, r++) {
        out[i + j] = (out[i + j] as number) + factor * (right[r] as number);
      }
    }
  }
  return out;
}

function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, k) => matrix[(k % size) * size + Math.floor(k / size)] as number);
}

function symmetrised(matrix: Float64Array, size: number): Float64Array {
  const mirrored = transposed(matrix, size);
  return matrix.map((value, k) => (value + (mirrored[k] as number)) / 2);
}
