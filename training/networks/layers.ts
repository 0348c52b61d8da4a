// The layers that the networks share, NHWC, with closed-form gradients where TensorFlow.js's own are slow or
// wrong. test/gradients.test.ts holds each against finite differences.
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { hasKernels, runKernelMulti, tf } from '../runtime/index.js';
import { differentiable } from './custom-gradient.js';

const LAYER_NORM_EPSILON = 1e-6;

/** Zero mean and unit variance over the last axis of [..., C]. */
export function standardise<T extends Tensor>(x: T): T {
  const rows = x.reshape([-1, x.shape[x.shape.length - 1] ?? 1]);
  const n = differentiable<Tensor>([rows], () => {
    const centred = rows.sub(rows.mean(1, true));
    const r = centred.square().mean(1, true).add(LAYER_NORM_EPSILON).rsqrt();
    const value = centred.mul(r);
    return {
      value,
      saved: [value, r],
      // dx = r·(dy − mean(dy) − n·mean(dy·n))
      gradient: (dy, saved) => {
        const [n, r] = saved as [Tensor, Tensor];
        const along = n.mul(dy.mul(n).mean(1, true));
        return [() => dy.sub(dy.mean(1, true)).sub(along).mul(r)];
      },
    };
  });
  return n.reshape(x.shape) as T;
}

/** Normalises over the last axis of [..., C], then scales and shifts by [C]. */
export function layerNorm<T extends Tensor>(x: T, weight: Tensor1D, bias: Tensor1D): T {
  if (hasKernels()) {
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
  return differentiable<T>([x], () => {
    const phi = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    return {
      value: x.mul(phi),
      saved: [x, phi],
      gradient: (dy, saved) => {
        const [x, phi] = saved as [Tensor, Tensor];
        const density = () =>
          x
            .square()
            .mul(-0.5)
            .exp()
            .div(Math.sqrt(2 * Math.PI));
        return [() => dy.mul(phi.add(x.mul(density())))];
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

/** [..., in] × [in, out] + [out]. */
export function linear(x: Tensor4D, weight: Tensor2D, bias: Tensor1D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = x.reshape([-1, channels]) as Tensor2D;
  return tf.fused.matMul({ a: rows, b: weight, bias }).reshape([batch, height, width, weight.shape[1]]);
}
