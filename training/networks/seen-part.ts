// What a descriptor is to be compared with, of a window that was seen in part. Its tile was described whole, and what the
// window did not see of it is in the tile's descriptor all the same: y · d has that ground's part of d as noise. Of d it is
// known that d = P x, so that the tile's cells are P⁺ d to the nearest, and its descriptor from the seen cells alone P M P⁺ d,
// where the diagonal M holds the seen shares. The wanted product y · (P M P⁺ d) is one with d itself, of the row
//   (P⁺)ᵀ M Pᵀ y  =  y + (P Pᵀ)⁻¹ P (M − 1) Pᵀ y,
// which is y where all is seen. So tiles stay as they are, and no index knows of it.
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../runtime/index.js';
import { differentiable } from './custom-gradient.js';
import { symmetricInverse } from './symmetric-inverse.js';

/**
 * Rows y [R, D] = P x of windows whose cells were seen in part → the rows that tiles' are to be compared with. `seen`: shares of
 * the cells [R, k²]; `matrix`: P [D, k² · C'], cells one behind the other; `inverse`: its gramInverse where that is known.
 * Differentiable for the rows and, without `inverse`, the matrix.
 */
export function rowsOfSeenPart(
  rows: Tensor2D,
  seen: Tensor2D,
  matrix: Tensor2D,
  inverse?: Float32Array,
): Tensor2D {
  return tf.tidy(() => {
    // A factor common to all cells changes no direction; a window that sees little everywhere is not to vanish.
    const most = seen.max(1, true);
    const whole = rows.div(most) as Tensor2D;
    const missing = seen.div(most).sub(1).expandDims(2) as Tensor3D; // [R, k², 1]
    const [dimensions, window] = matrix.shape;
    const cells = seen.shape[1];
    const back = tf
      .matMul(whole, matrix)
      .reshape([-1, cells, window / cells])
      .mul(missing);
    const noise = tf.matMul(back.reshape([-1, window]) as Tensor2D, matrix, false, true) as Tensor2D;
    if (inverse) {
      return whole.add(tf.matMul(noise, tf.tensor2d(inverse, [dimensions, dimensions]))) as Tensor2D;
    }
    const gram = tf.matMul(matrix, matrix, false, true) as Tensor2D;
    return whole.add(solved(noise, gram, dimensions)) as Tensor2D;
  });
}

const INVERSES = new WeakMap<Float32Array, Float32Array>();

/** (P Pᵀ)⁻¹ of a matrix P [n, W], [n, n]; computed once for the same array. */
export function gramInverse(matrix: Float32Array, n: number): Float32Array {
  const known = INVERSES.get(matrix);
  if (known) return known;
  const window = matrix.length / n;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < window; k++)
        sum += (matrix[i * window + k] as number) * (matrix[j * window + k] as number);
      gram[i * n + j] = sum;
      gram[j * n + i] = sum;
    }
  }
  const inverse = Float32Array.from(symmetricInverse(gram, n));
  INVERSES.set(matrix, inverse);
  return inverse;
}

/** Rows [R, n] times the inverse of a symmetric [n, n]. */
function solved(rows: Tensor2D, gram: Tensor2D, n: number): Tensor2D {
  return differentiable<Tensor2D>([rows, gram], () => {
    const inverse = tf.tensor2d(Float32Array.from(symmetricInverse(gram.dataSync(), n)), [n, n]);
    const value = tf.matMul(rows, inverse);
    return {
      value,
      saved: [value, inverse],
      gradient: (dy, [own, inverted]) => {
        const given = tf.matMul(dy as Tensor2D, inverted as Tensor2D);
        return [given, () => tf.neg(tf.matMul(own as Tensor2D, given, true))];
      },
    };
  });
}
