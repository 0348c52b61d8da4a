// Convolutions with PyTorch's paddings and their closed-form gradients, by native kernels or, where those are not
// built, by TensorFlow's operations. (Its own mirrorPad gradient only slices; reflection goes through MirrorPadGrad.)
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import {
  floatAttribute,
  floatType,
  hasKernels,
  intType,
  runKernel,
  stringAttribute,
  tf,
  usedMath,
} from '../runtime/index.js';
import { differentiable } from './custom-gradient.js';

export interface Padding {
  readonly stride: number;
  /** On both sides of height and width. */
  readonly pad: number;
  /** Reflection (the border itself is not repeated) instead of zeros. */
  readonly reflect?: boolean;
}

/** Convolution with PyTorch's zero padding; filter [k, k, in, out]. */
export function conv(x: Tensor4D, filter: Tensor4D, stride: number, pad: number): Tensor4D {
  const padding = { stride, pad };
  return isNative(x, filter, stride) ? nativeConv(x, filter, padding) : composedConv(x, filter, padding);
}

/** Stride 1, reflection padding by `pad`. */
export function reflectConv(x: Tensor4D, filter: Tensor4D, pad: number): Tensor4D {
  const padding = { stride: 1, pad, reflect: true };
  return isNative(x, filter, 1) ? nativeConv(x, filter, padding) : composedConv(x, filter, padding);
}

/** PyTorch's ConvTranspose2d(kernel 3, stride 2, padding 1, output padding 1): n → 2n; filter [3, 3, out, in]. */
export function convTransposeDouble(x: Tensor4D, filter: Tensor4D): Tensor4D {
  return isNative(x, filter, 1) ? nativeTransposed(x, filter) : composedTransposed(x, filter);
}

/**
 * Native kernels, where they are there. With bf16, large convolutions (more than 2·10⁸ multiplications) stay with
 * oneDNN, which has the instructions for it; small ones spend their time around the products.
 */
function isNative(x: Tensor4D, filter: Tensor4D, stride: number): boolean {
  if (!hasKernels() || usedMath() === 'float32') return hasKernels();
  const [batch, height, width] = x.shape;
  return (batch * height * width * filter.size) / (stride * stride) <= 2e8;
}

/** The convolution by native kernels. */
export function nativeConv(x: Tensor4D, filter: Tensor4D, padding: Padding): Tensor4D {
  return differentiable<Tensor4D>([x, filter], () => ({
    value: runKernel('SkyfixConv', attributes(padding), [x, filter]),
    saved: [x, filter],
    gradient: (dy, saved) => {
      const [x, filter] = saved as [Tensor4D, Tensor4D];
      return [
        () => gradInput(dy, filter, padding, x.shape[1], x.shape[2]),
        () => gradFilter(x, dy, padding, filter.shape[0]),
      ];
    },
  }));
}

/** The gradient of a convolution with stride 2 and padding 1 for its input. */
function nativeTransposed(x: Tensor4D, filter: Tensor4D): Tensor4D {
  const padding = { stride: 2, pad: 1 };
  return differentiable<Tensor4D>([x, filter], () => ({
    value: gradInput(x, filter, padding, 2 * x.shape[1], 2 * x.shape[2]),
    saved: [x, filter],
    gradient: (dy, saved) => {
      const [x, filter] = saved as [Tensor, Tensor4D];
      return [
        () => runKernel('SkyfixConv', attributes(padding), [dy, filter]),
        () => gradFilter(dy, x, padding, filter.shape[0]),
      ];
    },
  }));
}

function attributes({ stride, pad, reflect }: Padding) {
  return [
    floatAttribute('stride', stride),
    floatAttribute('pad', pad),
    floatAttribute('reflect', reflect ? 1 : 0),
  ];
}

function gradInput(dy: Tensor, filter: Tensor, padding: Padding, height: number, width: number): Tensor {
  const size = [floatAttribute('height', height), floatAttribute('width', width)];
  return runKernel('SkyfixConvGradInput', [...attributes(padding), ...size], [dy, filter]);
}

function gradFilter(x: Tensor, dy: Tensor, padding: Padding, side: number): Tensor {
  return runKernel('SkyfixConvGradFilter', [...attributes(padding), floatAttribute('side', side)], [x, dy]);
}

/** The same as the native one, of TensorFlow's operations. */
export function composedConv(x: Tensor4D, filter: Tensor4D, { stride, pad, reflect }: Padding): Tensor4D {
  const wide = pad === 0 ? x : reflect ? reflectPad(x, pad) : zeroPad(x, pad);
  return tf.conv2d(wide, filter, stride, 'valid');
}

/** The same as the native one, of TensorFlow's operations. */
export function composedTransposed(x: Tensor4D, filter: Tensor4D): Tensor4D {
  const [batch, height, width] = x.shape;
  const out = filter.shape[2];
  const full = tf.conv2dTranspose(x, filter, [batch, 2 * height + 1, 2 * width + 1, out], 2, 'valid');
  return tf.slice4d(full, [0, 1, 1, 0], [batch, 2 * height, 2 * width, out]);
}

/** Reflection padding by `pad` on both sides of height and width (the border itself is not repeated). */
export function reflectPad(x: Tensor4D, pad: number): Tensor4D {
  const pads = () => tf.tensor2d(paddings(pad), [4, 2], 'int32');
  const attributes = [floatType('T'), intType('Tpaddings'), stringAttribute('mode', 'REFLECT')];
  return differentiable<Tensor4D>([x], () => ({
    value: runKernel('MirrorPad', attributes, [x, pads()]),
    saved: [],
    gradient: (dy) => [runKernel('MirrorPadGrad', attributes, [dy, pads()])],
  }));
}

/** Zero padding by `pad` on both sides of height and width. */
export function zeroPad(x: Tensor4D, pad: number): Tensor4D {
  return tf.pad4d(x, paddings(pad));
}

type Sides = [number, number];
const paddings = (pad: number): [Sides, Sides, Sides, Sides] => [
  [0, 0],
  [pad, pad],
  [pad, pad],
  [0, 0],
];
