import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import {
  cycleLoss,
  discriminatorLoss,
  generatorLoss,
  hardTriplet,
  infoNce,
  patchContrast,
} from '../../losses/index.js';
import { conv, convTransposeDouble, reflectConv, reflectPad } from '../../networks/convolution.js';
import {
  createContrastHeads,
  createConvNext,
  createDiscriminator,
  createGenerator,
  type ParameterStore,
  valueAndFlatGrads,
} from '../../networks/index.js';
import { instanceNorm } from '../../networks/instance-norm.js';
import { gelu, layerNorm, linear, unitLength } from '../../networks/layers.js';
import { tf } from '../../runtime/tf.js';
import { assertGradients, normal } from '../support/finite-differences.js';

/** A scalar of a layer's output that depends on each element differently. */
function probe(y: Tensor): Scalar {
  return y.mul(normal(y.shape, 99)).sum() as Scalar;
}

describe('layer gradients equal finite differences', () => {
  const x = normal<Tensor4D>([2, 6, 6, 3], 1);
  test('reflect padding, 1 and 3', () => {
    for (const pad of [1, 3]) assertGradients((x) => probe(reflectPad(x as Tensor4D, pad)), [x]);
  });
  test('instance norm, batch 1 and 2', () => {
    assertGradients((x) => probe(instanceNorm(x as Tensor4D)), [x]);
    assertGradients((x) => probe(instanceNorm(x as Tensor4D)), [normal([1, 5, 4, 3], 2)]);
  });
  test('instance norm with its activation', () => {
    // A short step: values must not cross the kink at zero.
    for (const slope of [0, 0.2])
      assertGradients((x) => probe(instanceNorm(x as Tensor4D, slope)), [x], 1e-3);
  });
  test('layer norm: input, weight and bias', () => {
    assertGradients(
      (x, w, b) => probe(layerNorm(x as Tensor4D, w as Tensor1D, b as Tensor1D)),
      [x.tile([1, 1, 1, 3]).add(normal([2, 6, 6, 9], 5)), normal([9], 3), normal([9], 4)],
    );
  });
  test('GELU', () => assertGradients((x) => probe(gelu(x)), [x]));
  test('unit length', () => assertGradients((x) => probe(unitLength(x)), [normal([3, 5], 6)]));
  test('convolutions, stride 1 and 2, and the doubling transposed one', () => {
    const filter = normal([3, 3, 3, 4], 7, 0.3);
    for (const stride of [1, 2]) {
      assertGradients((x, f) => probe(conv(x as Tensor4D, f as Tensor4D, stride, 1)), [x, filter]);
    }
    assertGradients((x, f) => probe(reflectConv(x as Tensor4D, f as Tensor4D, 1)), [x, filter]);
    const up = normal([3, 3, 2, 3], 8, 0.3);
    assertGradients((x, f) => probe(convTransposeDouble(x as Tensor4D, f as Tensor4D)), [x, up]);
  });
  test('depthwise convolution and linear layer', () => {
    assertGradients(
      (x, f) => probe(tf.depthwiseConv2d(x as Tensor4D, f as Tensor4D, 1, 'same')),
      [x, normal([7, 7, 3, 1], 9, 0.2)],
    );
    assertGradients(
      (x, w, b) => probe(linear(x as Tensor4D, w as Tensor2D, b as Tensor1D)),
      [x, normal([3, 5], 10), normal([5], 11)],
    );
  });
});

describe('loss gradients equal finite differences', () => {
  const scores = normal([2, 3, 3, 1], 20);
  test('least-squares GAN', () => {
    assertGradients((s) => generatorLoss(s), [scores]);
    assertGradients(
      (r, f) => discriminatorLoss(r as Tensor, f as Tensor),
      [scores, normal([2, 3, 3, 1], 21)],
    );
  });
  test('cycle', () => {
    // Differences of at least 1 keep the kink of |x| out of reach of the step.
    const x = normal([2, 3, 3, 3], 22);
    assertGradients((a) => cycleLoss(a, x), [x.add(tf.sign(normal([2, 3, 3, 3], 23)).mul(1.5))]);
  });
  test('patch contrast, for anchors and positives', () => {
    const [a, b] = [normal([2, 3, 3, 4], 24), normal([2, 3, 3, 4], 25)];
    const options = { positions: 4, seed: 3, temperature: 0.5 };
    assertGradients(
      (a, b) => patchContrast([unitLength(a as Tensor4D)], [unitLength(b as Tensor4D)], options),
      [a, b],
    );
  });
  test('InfoNCE, with a learnt scale', () => {
    assertGradients(
      (a, b, s) =>
        infoNce(unitLength(a as Tensor2D), unitLength(b as Tensor2D), { scale: tf.exp(s as Tensor) }),
      [normal([4, 6], 26), normal([4, 6], 27), tf.scalar(1)],
    );
  });
  test('hard triplet: mined entries get the gradient, the weights none', () => {
    // The weights carry no gradient, so the difference is taken with them frozen: a batch of one anchor pair each
    // way has weight 1 whatever its value (two rows, symmetric similarities).
    const angles = [0, 0.9];
    const tiles = tf.tensor2d(angles.map((t) => [Math.cos(t), Math.sin(t)]));
    const views = tf.tensor2d(angles.map((t) => [Math.cos(t), Math.sin(t)]).reverse());
    const gradient = tf.grad((v) => hardTriplet(v as Tensor2D, tiles))(views);
    // Both anchors are equally hard (w = 1): s_an = 1, s_ap = cos 0.9, so dL/dv_i = mean of both directions, ½·(t_n − t_p)
    // twice, halved.
    const expected = tf.stack([
      tiles
        .slice([1, 0], [1, 2])
        .sub(tiles.slice([0, 0], [1, 2]))
        .mul(0.5)
        .squeeze(),
      tiles
        .slice([0, 0], [1, 2])
        .sub(tiles.slice([1, 0], [1, 2]))
        .mul(0.5)
        .squeeze(),
    ]);
    assert.ok((gradient.sub(expected).abs().max().dataSync()[0] ?? 1) < 1e-5, gradient.toString());
  });
});

/** Checks a network's flat gradient along its own direction and a random one. */
function assertFlatGradient(
  store: ParameterStore,
  loss: () => Scalar,
  tolerance: number,
  step: number,
): void {
  const { grads, loss: value } = valueAndFlatGrads(() => ({ loss: loss() }), [store]);
  const gradient = grads[0] as Tensor1D;
  const start = store.vector.clone();
  const length = gradient.norm().dataSync()[0] ?? 0;
  assert.ok(length > 0);
  const noise = normal([store.count], 77);
  const direction = gradient.div(length).add(noise.div(noise.norm()));
  const at = (h: number) => {
    store.vector.assign(start.add(direction.mul(h)));
    return tf.tidy(() => loss().dataSync()[0] ?? Number.NaN);
  };
  const numeric = (at(step) - at(-step)) / (2 * step);
  store.vector.assign(start);
  const analytic = gradient.mul(direction).sum().dataSync()[0] ?? Number.NaN;
  const error = Math.abs(numeric - analytic) / length;
  assert.ok(error < tolerance, `numeric ${numeric}, analytic ${analytic}, relative ${error}`);
  tf.dispose([value, ...grads, start]);
}

describe('whole networks: the flat gradient equals finite differences', () => {
  const image = normal<Tensor4D>([2, 16, 16, 3], 30, 0.5);
  test('generator', () => {
    const net = createGenerator({ baseFilters: 4, blocks: 1, inputSize: 16 }, 1);
    assertFlatGradient(net.params, () => probe(net.apply(image)), 0.03, 2e-4);
  });
  test('generator, residual', () => {
    const net = createGenerator({ baseFilters: 4, blocks: 1, learnResidual: true, inputSize: 16 }, 1);
    const faint = normal<Tensor4D>([2, 16, 16, 3], 30, 0.05); // no sum near the bounds, where the slope jumps
    assertFlatGradient(net.params, () => probe(net.apply(faint)), 0.03, 2e-4);
  });
  test('discriminator', () => {
    const net = createDiscriminator({ filters: 4 }, 2);
    const large = normal<Tensor4D>([1, 32, 32, 3], 31, 0.5);
    assertFlatGradient(net.params, () => probe(net.apply(large)), 0.03, 2e-3);
  });
  test('contrast heads', () => {
    const net = createContrastHeads({ baseFilters: 4, projection: 4 }, 3);
    const map = normal<Tensor4D>([1, 8, 8, 16], 32);
    assertFlatGradient(net.params, () => tf.addN(net.apply(map).map(probe)), 0.03, 2e-3);
  });
  test('ConvNeXt', () => {
    const net = createConvNext({ dims: [4, 8], depths: [1, 1], layerScale: 1, inputSize: 16 }, 4);
    // Weights of 0.02 in so small a network leave the layer norms next to zero, where a difference needs tiny steps.
    net.params.vector.assign(net.params.vector.add(normal([net.params.count], 78, 0.3)));
    assertFlatGradient(net.params, () => probe(net.apply(image)), 0.03, 2e-4);
  });
});
