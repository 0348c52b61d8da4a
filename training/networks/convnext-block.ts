// A ConvNeXt block (Liu et al. 2022): x + s·γ·(W₂·GELU(W₁·LN(depthwise 7×7(x)) + b₁) + b₂), by native kernels with one
// closed-form gradient, or composed of layers where the kernels are not built.
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { hasKernels, runKernel, runKernelMulti, type Tensors, tf } from '../runtime/index.js';
import { differentiable } from './custom-gradient.js';
import { gelu, linear, standardise } from './layers.js';
import { matMul } from './matmul.js';

export interface BlockParameters {
  /** [7, 7, C, 1] and [C] */
  readonly filter: Tensor4D;
  readonly filterBias: Tensor1D;
  /** [C] */
  readonly normWeight: Tensor1D;
  readonly normBias: Tensor1D;
  /** [C, 4C] and [4C] */
  readonly weight1: Tensor2D;
  readonly bias1: Tensor1D;
  /** [4C, C] and [C] */
  readonly weight2: Tensor2D;
  readonly bias2: Tensor1D;
  /** Layer scale γ [C] */
  readonly gamma: Tensor1D;
  /** Stochastic depth: a factor [B] on each sample's branch; 1 where absent. */
  readonly samples?: Tensor1D | undefined;
}

/** [B, H, W, C] → [B, H, W, C] */
export function convNextBlock(x: Tensor4D, parameters: BlockParameters): Tensor4D {
  return hasKernels() ? fusedBlock(x, parameters) : composedBlock(x, parameters);
}

function fusedBlock(x: Tensor4D, parameters: BlockParameters): Tensor4D {
  const { filter, filterBias, normWeight, normBias, weight1, bias1, weight2, bias2, gamma } = parameters;
  const inputs = [x, filter, filterBias, normWeight, normBias, weight1, bias1, weight2, bias2, gamma];
  const samples = parameters.samples ?? tf.tensor1d([]);
  return differentiable<Tensor4D>(inputs, () => {
    const [y, n, r] = runKernelMulti('SkyfixDepthwiseNorm', [], inputs.slice(0, 5), 3); // [R, C], [R, C], [R]; R = B·H·W
    const h = matMul(y, weight1); // [R, 4C]
    const g = runKernel('SkyfixBiasGelu', [], [h, bias1]);
    const z = matMul(g, weight2); // [R, C]
    return {
      value: runKernel('SkyfixLayerScale', [], [x, z, bias2, gamma, samples]),
      saved: [...inputs, samples, y, n, r, h, g, z],
      gradient: blockGradient,
    };
  });
}

/** In the order of fusedBlock's inputs. */
function blockGradient(dy: Tensor, saved: readonly Tensor[]): Tensor[] {
  const [x, filter, , normWeight, , weight1, bias1, weight2, bias2, gamma, samples, y, n, r, h, g, z] =
    saved as Tensors<17>;
  const [dz, dBias2, dGamma] = runKernelMulti('SkyfixLayerScaleGrad', [], [dy, z, bias2, gamma, samples], 3);
  const dWeight2 = matMul(g, dz, true, false);
  const [dh, dBias1] = runKernelMulti(
    'SkyfixBiasGeluGrad',
    [],
    [matMul(dz, weight2, false, true), h, bias1],
    2,
  );
  const dWeight1 = matMul(y, dh, true, false);
  const back = [matMul(dh, weight1, false, true), dy, n, r, x, filter, normWeight];
  const first = runKernelMulti('SkyfixDepthwiseNormGrad', [], back, 5); // of x, filter, its bias, the norm's weight and bias
  return [...first, dWeight1, dBias1, dWeight2, dBias2, dGamma];
}

/** The same of TensorFlow's operations. */
export function composedBlock(x: Tensor4D, parameters: BlockParameters): Tensor4D {
  const { filter, filterBias, normWeight, normBias, weight1, bias1, weight2, bias2, gamma, samples } =
    parameters;
  let h: Tensor4D = tf.depthwiseConv2d(x, filter, 1, 'same').add(filterBias);
  // The norm's scale and shift go into fc1 and the layer scale into fc2: products of small matrices instead of
  // passes over the feature maps.
  const shift = bias1.add(tf.matMul(normBias.expandDims(0) as Tensor2D, weight1).squeeze([0])) as Tensor1D;
  h = linear(standardise(h), weight1.mul(normWeight.expandDims(1)), shift);
  const branch = linear(gelu(h), weight2.mul(gamma), bias2.mul(gamma) as Tensor1D);
  return x.add(samples ? branch.mul(samples.reshape([-1, 1, 1, 1])) : branch);
}
