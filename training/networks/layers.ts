// The layers that the networks share, NHWC, with closed-form gradients where TensorFlow.js's own are slow or
// wrong (its mirrorPad gradient only slices). test/gradients.test.ts holds each against finite differences.
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { attributeTypes, nativeKernels, runKernel, runKernelMulti, tf } from '../runtime/tf.js';
import { differentiable } from './custom-gradient.js';

const code = (name: string): number => attributeTypes[name] ?? 0;
const floatType = { name: 'T', type: code('TF_ATTR_TYPE'), value: code('TF_FLOAT') };

type Save = (tensors: Tensor[]) => void;

/** tf.customGrad with the types it has in practice: tensors first, then `save`. */
function withGradient<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: (
    inputs: Tensor[],
    save: Save,
  ) => { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[] },
): T {
  const f = (...args: unknown[]) => forward(args.slice(0, -1) as Tensor[], args[args.length - 1] as Save);
  return tf.customGrad(f as Parameters<typeof tf.customGrad>[0])(...inputs) as T;
}

/** Reflection padding by `pad` on both sides of height and width (the border itself is not repeated). */
export function reflectPad(x: Tensor4D, pad: number): Tensor4D {
  const paddings: [number, number][] = [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ];
  const pads = () => tf.tensor2d(paddings, [4, 2], 'int32');
  const attributes = [
    floatType,
    { name: 'Tpaddings', type: code('TF_ATTR_TYPE'), value: code('TF_INT32') },
    { name: 'mode', type: code('TF_ATTR_STRING'), value: 'REFLECT' },
  ];
  return withGradient([x], ([input]) => ({
    value: tf.tidy(() => runKernel('MirrorPad', attributes, [input as Tensor, pads()])),
    gradFunc: (dy) => tf.tidy(() => runKernel('MirrorPadGrad', attributes, [dy, pads()])),
  }));
}

/** Zero padding by `pad` on both sides of height and width. */
export function zeroPad(x: Tensor4D, pad: number): Tensor4D {
  return tf.pad4d(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
}

const INSTANCE_NORM_EPSILON = 1e-5;

/** Per image and channel: zero mean and unit variance over height and width; no affine parameters. */
export function instanceNorm(x: Tensor4D): Tensor4D {
  if (x.shape[0] === 1) return fusedInstanceNorm(x);
  return tf.concat(
    tf.split(x, x.shape[0], 0).map((image) => fusedInstanceNorm(image as Tensor4D)),
    0,
  );
}

/** TensorFlow's fused batch norm in training mode, which for a batch of one is the instance norm. */
function fusedInstanceNorm(x: Tensor4D): Tensor4D {
  const channels = x.shape[3];
  const attributes = [
    floatType,
    { name: 'U', type: code('TF_ATTR_TYPE'), value: code('TF_FLOAT') },
    { name: 'epsilon', type: code('TF_ATTR_FLOAT'), value: INSTANCE_NORM_EPSILON },
    { name: 'data_format', type: code('TF_ATTR_STRING'), value: 'NHWC' },
    { name: 'is_training', type: code('TF_ATTR_BOOL'), value: true },
  ];
  return withGradient([x], ([input], save) => {
    const scale = tf.ones([channels]);
    const none = tf.zeros([0]);
    const [y, , , mean, variance, reserve] = runKernelMulti(
      'FusedBatchNormV3',
      attributes,
      [input as Tensor, scale, tf.zeros([channels]), none, none],
      6,
    );
    save([input as Tensor, scale, mean, variance, reserve]);
    return {
      value: y,
      gradFunc: (dy, saved) =>
        tf.tidy(() => {
          const [dx] = runKernelMulti('FusedBatchNormGradV3', attributes, [dy, ...saved], 5);
          return dx;
        }),
    };
  });
}

const LAYER_NORM_EPSILON = 1e-6;

/** Zero mean and unit variance over the last axis of [..., C]. */
export function standardise<T extends Tensor>(x: T): T {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const rows = withGradient<Tensor>([x.reshape([-1, channels])], (inputs, save) => {
    const [rows] = inputs as [Tensor];
    const [y, r] = tf.tidy(() => {
      const centred = rows.sub(rows.mean(1, true));
      const inverse = centred.square().mean(1, true).add(LAYER_NORM_EPSILON).rsqrt();
      return [centred.mul(inverse), inverse];
    }) as [Tensor, Tensor];
    save([y, r]);
    return {
      value: y,
      // dx = r·(dy − mean(dy) − y·mean(dy·y))
      gradFunc: (dy, saved) => {
        const [y, r] = saved as [Tensor, Tensor];
        return tf.tidy(() =>
          dy
            .sub(dy.mean(1, true))
            .sub(y.mul(dy.mul(y).mean(1, true)))
            .mul(r),
        );
      },
    };
  });
  return rows.reshape(x.shape) as T;
}

/** Normalises over the last axis of [..., C], then scales and shifts by [C]. */
export function layerNorm<T extends Tensor>(x: T, weight: Tensor1D, bias: Tensor1D): T {
  if (nativeKernels) {
    return differentiable<T>([x, weight, bias], () => {
      const [y, n, r] = runKernelMulti('SkyfixLayerNorm', [], [x, weight, bias], 3);
      return {
        value: y,
        saved: [n, r, weight],
        gradient: (dy, saved) => runKernelMulti('SkyfixLayerNormGrad', [], [dy, ...saved], 3),
      };
    });
  }
  return standardise(x).mul(weight).add(bias) as T;
}

/** x·Φ(x), exact. */
export function gelu<T extends Tensor>(x: T): T {
  return withGradient<T>([x], (inputs, save) => {
    const [input] = inputs as [Tensor];
    const phi = tf.tidy(() => input.mul(Math.SQRT1_2).erf().add(1).mul(0.5));
    save([input, phi]);
    return {
      value: input.mul(phi),
      gradFunc: (dy, saved) => {
        const [input, phi] = saved as [Tensor, Tensor];
        return tf.tidy(() => {
          const density = input
            .square()
            .mul(-0.5)
            .exp()
            .mul(1 / Math.sqrt(2 * Math.PI));
          return dy.mul(phi.add(input.mul(density)));
        });
      },
    };
  });
}

/** Added to the squared length, so that a vector near zero (all of a patch's channels off) has a bounded gradient. */
export const UNIT_LENGTH_EPSILON = 1e-6;

/** Unit length over the last axis. */
export function unitLength<T extends Tensor>(x: T): T {
  const axis = x.rank - 1;
  return x.mul(x.square().sum(axis, true).add(UNIT_LENGTH_EPSILON).rsqrt()) as T;
}

/** Convolution with PyTorch's zero padding; filter [k, k, in, out]. */
export function conv(x: Tensor4D, filter: Tensor4D, stride: number, pad: number): Tensor4D {
  return tf.conv2d(pad > 0 ? zeroPad(x, pad) : x, filter, stride, 'valid');
}

/** PyTorch's ConvTranspose2d(kernel 3, stride 2, padding 1, output padding 1): n → 2n; filter [3, 3, out, in]. */
export function convTransposeDouble(x: Tensor4D, filter: Tensor4D): Tensor4D {
  const [batch, height, width] = x.shape;
  const out = filter.shape[2];
  const full = tf.conv2dTranspose(x, filter, [batch, 2 * height + 1, 2 * width + 1, out], 2, 'valid');
  return tf.slice4d(full, [0, 1, 1, 0], [batch, 2 * height, 2 * width, out]);
}

/** [..., in] × [in, out] + [out]. */
export function linear(x: Tensor4D, weight: Tensor2D, bias: Tensor1D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = x.reshape([-1, channels]) as Tensor2D;
  return tf.fused.matMul({ a: rows, b: weight, bias }).reshape([batch, height, width, weight.shape[1]]);
}
