// The native kernels against finite differences and against the same layers of TensorFlow's own operations.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type BlockParameters, composedBlock, convNextBlock } from '../../networks/convnext-block.js';
import {
  composedConv,
  composedTransposed,
  convTransposeDouble,
  nativeConv,
} from '../../networks/convolution.js';
import { composedInstanceNorm, instanceNorm } from '../../networks/instance-norm.js';
import { layerNorm, standardise } from '../../networks/layers.js';
import { bf16MatMul } from '../../networks/matmul.js';
import { hasBf16Kernels, hasKernels, tf } from '../../runtime/tf.js';
import { assertGradients, normal } from '../support/finite-differences.js';

/** Every parameter of a block random, so that none hides behind a zero or a one; x first. */
function blockInputs(shape: readonly [number, number, number, number], seed: number): Tensor[] {
  const c = shape[3];
  const shapes = [shape, [7, 7, c, 1], [c], [c], [c], [c, 4 * c], [4 * c], [4 * c, c], [c], [c]];
  return shapes.map((each, i) => normal(each, seed + i, [1, 0.3, 0.3, 1, 1, 0.4, 1, 0.4, 1, 1][i]));
}

type Block = (x: Tensor4D, parameters: BlockParameters) => Tensor4D;

/** A scalar of a block's output that depends on each element differently. */
function probeOf(block: Block): (...inputs: Tensor[]) => Scalar {
  return (...inputs) => {
    const [x, filter, filterBias, normWeight, normBias, weight1, bias1, weight2, bias2, gamma] = inputs;
    const parameters = {
      ...{ filter, filterBias, normWeight, normBias, weight1, bias1, weight2, bias2, gamma },
    } as unknown as BlockParameters;
    const y = block(x as Tensor4D, parameters);
    return y.mul(normal(y.shape, 99)).sum() as Scalar;
  };
}

function largestDifference(a: Tensor, b: Tensor): number {
  assert.deepEqual(a.shape, b.shape);
  const scale = b.abs().max().dataSync()[0] ?? 1;
  return (a.sub(b).abs().max().dataSync()[0] ?? Number.NaN) / Math.max(scale, 1e-12);
}

// Widths that take every strip of the kernel (8, 4, 2, 1), channels that take every vector (16, 8, 1), sides that
// are smaller than the filter.
const SHAPES = [
  [1, 1, 1, 5],
  [2, 2, 2, 3],
  [3, 4, 4, 8],
  [1, 5, 7, 24],
  [2, 9, 3, 17],
  [1, 3, 15, 16],
  [18, 8, 16, 32],
] as const;

test('the kernels are built where the tests run', () => {
  assert.ok(hasKernels() || process.env.SKYFIX_KERNELS === 'off');
});

describe('ConvNeXt block', () => {
  for (const shape of SHAPES) {
    test(`${shape.join('×')}: the composed layers' value and gradients`, () => {
      const inputs = blockInputs(shape, 100);
      const [fused, composed] = [convNextBlock, composedBlock].map((block) =>
        tf.valueAndGrads(probeOf(block) as (...args: Tensor[]) => Tensor)(inputs),
      );
      assert.ok(fused && composed);
      const off = largestDifference(fused.value, composed.value);
      assert.ok(off < 1e-4, `value off by ${off}`);
      fused.grads.forEach((gradient, i) => {
        const off = largestDifference(gradient, composed.grads[i] as Tensor);
        assert.ok(off < 1e-4, `gradient of input ${i} off by ${off}`);
      });
    });
  }
  test('finite differences', () => {
    assertGradients(probeOf(convNextBlock), blockInputs([2, 4, 5, 9], 200), 3e-3);
  });
});

/** Values and gradients of two functions of the same inputs, for a sum that depends on each output differently. */
function assertEqualFunctions(
  inputs: readonly Tensor[],
  native: (...inputs: Tensor[]) => Tensor,
  composed: (...inputs: Tensor[]) => Tensor,
): void {
  const [a, b] = [native, composed].map((f) =>
    tf.valueAndGrads((...args: Tensor[]) => {
      const y = f(...args);
      return y.mul(normal(y.shape, 99)).sum();
    })([...inputs]),
  );
  assert.ok(a && b);
  assert.ok(largestDifference(native(...inputs), composed(...inputs)) < 1e-5, 'values differ');
  a.grads.forEach((gradient, i) => {
    const off = largestDifference(gradient, b.grads[i] as Tensor);
    assert.ok(off < 1e-5, `gradient of input ${i} off by ${off}`);
  });
}

describe('convolution', () => {
  // [batch, height, width, in], [side, out], padding
  const cases = [
    [[1, 16, 16, 8], [3, 64], { stride: 1, pad: 1, reflect: true }],
    [[2, 9, 11, 3], [7, 16], { stride: 1, pad: 3, reflect: true }],
    [[1, 4, 5, 5], [7, 3], { stride: 1, pad: 3, reflect: true }],
    [[2, 16, 13, 3], [4, 17], { stride: 2, pad: 1 }],
    [[3, 9, 9, 16], [4, 1], { stride: 1, pad: 1 }],
    [[1, 32, 32, 16], [3, 48], { stride: 2, pad: 1 }],
    [[2, 16, 16, 3], [4, 32], { stride: 4, pad: 0 }],
    [[1, 7, 7, 6], [2, 33], { stride: 2, pad: 0 }],
    [[2, 5, 6, 9], [1, 40], { stride: 1, pad: 0 }],
  ] as const;
  for (const [shape, [side, out], padding] of cases) {
    test(`${shape.join('×')} by ${side}×${side}×${out}, ${JSON.stringify(padding)}`, () => {
      const inputs = [normal(shape, 1), normal([side, side, shape[3], out], 2, 0.2)];
      assertEqualFunctions(
        inputs,
        (x, f) => nativeConv(x as Tensor4D, f as Tensor4D, padding),
        (x, f) => composedConv(x as Tensor4D, f as Tensor4D, padding),
      );
    });
  }
  test('transposed, doubling', () => {
    assertEqualFunctions(
      [normal([2, 6, 5, 20], 1), normal([3, 3, 9, 20], 2, 0.2)],
      (x, f) => convTransposeDouble(x as Tensor4D, f as Tensor4D),
      (x, f) => composedTransposed(x as Tensor4D, f as Tensor4D),
    );
  });
  test('a filter that does not fit is refused with a reason', () => {
    const conv = () => nativeConv(normal([1, 2, 2, 3], 1), normal([7, 7, 3, 1], 2), { stride: 1, pad: 0 });
    assert.throws(conv, /filter is larger than the padded image/);
  });
});

describe('matrix products in bf16', { skip: !hasBf16Kernels() && 'no AVX512-BF16, or AMX' }, () => {
  /** Multiples of 1/16 up to 8: bfloat16 holds them, and float32 their sums of products, exactly. */
  const exact = (shape: readonly number[], seed: number) =>
    normal(shape, seed).mul(32).clipByValue(-127, 127).round().div(16) as Tensor2D;
  const sizes = [
    [1, 1, 1],
    [7, 5, 3],
    [40, 33, 17],
    [16, 64, 96],
    [3000, 32, 130],
    [129, 200, 48],
  ] as const;
  for (const [n, k, m] of sizes) {
    test(`${n}×${k} by ${k}×${m}, plain and with either side transposed: exact where rounding does nothing`, () => {
      const [a, b] = [exact([n, k], 1), exact([k, m], 2)];
      const expected = tf.matMul(a, b).dataSync();
      assert.deepEqual(bf16MatMul(a, b).dataSync(), expected);
      assert.deepEqual(bf16MatMul(a, b.transpose(), false, true).dataSync(), expected);
      assert.deepEqual(bf16MatMul(a.transpose(), b, true, false).dataSync(), expected);
    });
  }
  test('random numbers: off by bfloat16’s rounding of the factors and no more', () => {
    const [a, b] = [normal<Tensor2D>([200, 300], 3), normal<Tensor2D>([300, 50], 4)];
    const difference = bf16MatMul(a, b).sub(tf.matMul(a, b));
    // Two factors with relative errors of at most 2⁻⁹ each, 300 products of variance 1.
    const deviation = difference.square().mean().sqrt().dataSync()[0] ?? 1;
    assert.ok(deviation > 0 && deviation < Math.SQRT2 * 2 ** -9 * Math.sqrt(300), String(deviation));
  });
});

test('instance norm, alone and with its activation', () => {
  for (const slope of [0, 0.2, 1]) {
    assertEqualFunctions(
      [normal([2, 7, 6, 27], 3)],
      (x) => instanceNorm(x as Tensor4D, slope),
      (x) => composedInstanceNorm(x as Tensor4D, slope),
    );
  }
});

test('layer norm over 1 to 40 channels equals the composed one', () => {
  for (const channels of [1, 5, 8, 16, 40]) {
    const [x, weight, bias] = [normal([7, channels], 1), normal([channels], 2), normal([channels], 3)];
    const expected = standardise(x).mul(weight).add(bias);
    assert.ok(largestDifference(layerNorm(x, weight as Tensor1D, bias as Tensor1D), expected) < 1e-5);
  }
});

test('without the kernels the optimiser and the gradients hold as well', () => {
  const folder = dirname(fileURLToPath(import.meta.url));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--test', '--test-name-pattern', 'Adam|norm|GELU', 'determinism.test.js', 'gradients.test.js'].map(
      (arg) => (arg.endsWith('.js') ? join(folder, arg) : arg),
    ),
    // A test that runs tests must not look like one of its own files to the runner.
    { encoding: 'utf8', env: { ...process.env, SKYFIX_KERNELS: 'off', NODE_TEST_CONTEXT: undefined } },
  );
  assert.equal(status, 0, stdout);
});
