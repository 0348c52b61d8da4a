// Products of matrices for closed-form gradients, without the reshapes around tf.matMul.
import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import {
  boolAttribute,
  floatAttribute,
  floatType,
  hasBf16Kernels,
  runKernel,
  usedMath,
} from '../runtime/index.js';

/** a [n, k] (or [k, n] where transposed) times b [k, m] (or [m, k]); both transposed is not offered. */
export function matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  if (usedMath() === 'bf16' && hasBf16Kernels()) return bf16MatMul(a, b, transposeA, transposeB);
  const sides = [boolAttribute('adj_x', transposeA), boolAttribute('adj_y', transposeB)];
  return runKernel('BatchMatMulV2', [floatType('T'), ...sides], [a, b]);
}

/** Factors rounded to bfloat16, sums in float32. */
export function bf16MatMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  const sides = [
    floatAttribute('transpose_a', Number(transposeA)),
    floatAttribute('transpose_b', Number(transposeB)),
  ];
  return runKernel('SkyfixMatMul', sides, [a, b]);
}
