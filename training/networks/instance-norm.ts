// Instance norm (Ulyanov et al. 2016) with the activation behind it.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import {
  boolAttribute,
  floatAttribute,
  floatType,
  hasKernels,
  runKernelMulti,
  stringAttribute,
  tf,
} from '../runtime/index.js';
import { differentiable } from './custom-gradient.js';

const EPSILON = 1e-5; // native/instance-norm.cc has the same

/**
 * Per image and channel: zero mean and unit variance over height and width, no affine parameters; then values below
 * zero times `slope`: 0 is ReLU, 0.2 CycleGAN's leaky ReLU, 1 (the default) no activation.
 */
export function instanceNorm(x: Tensor4D, slope = 1): Tensor4D {
  return hasKernels() ? nativeInstanceNorm(x, slope) : composedInstanceNorm(x, slope);
}

function nativeInstanceNorm(x: Tensor4D, slope: number): Tensor4D {
  const attributes = [floatAttribute('slope', slope)];
  return differentiable<Tensor4D>([x], () => {
    const [value, mean, r] = runKernelMulti('SkyfixInstanceNorm', attributes, [x], 3);
    return {
      value,
      saved: [x, mean, r],
      gradient: (dy, saved) => runKernelMulti('SkyfixInstanceNormGrad', attributes, [dy, ...saved], 1),
    };
  });
}

/** The same of TensorFlow's operations. */
export function composedInstanceNorm(x: Tensor4D, slope = 1): Tensor4D {
  const images = x.shape[0] === 1 ? [x] : (tf.split(x, x.shape[0], 0) as Tensor4D[]);
  const n = images.length === 1 ? fused(x) : tf.concat4d(images.map(fused), 0);
  return slope === 1 ? n : slope === 0 ? tf.relu(n) : tf.leakyRelu(n, slope);
}

/** TensorFlow's fused batch norm in training mode, which for a batch of one is the instance norm. */
function fused(x: Tensor4D): Tensor4D {
  const channels = x.shape[3];
  const attributes = [
    floatType('T'),
    floatType('U'),
    floatAttribute('epsilon', EPSILON),
    stringAttribute('data_format', 'NHWC'),
    boolAttribute('is_training', true),
  ];
  return differentiable<Tensor4D>([x], () => {
    const [scale, none] = [tf.ones([channels]), tf.zeros([0])];
    const inputs = [x, scale, tf.zeros([channels]), none, none];
    const [value, , , mean, variance, reserve] = runKernelMulti('FusedBatchNormV3', attributes, inputs, 6);
    return {
      value,
      saved: [x, scale, mean, variance, reserve],
      gradient: (dy, saved) => [runKernelMulti('FusedBatchNormGradV3', attributes, [dy, ...saved], 5)[0]],
    };
  });
}
