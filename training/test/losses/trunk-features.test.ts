// The contrast on a frozen trunk's features: its gradient against finite differences, what it leaves alone, and that images
// move towards their pairs by it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor4D, Variable } from '@tensorflow/tfjs-node-gpu';
import { pairedContrast, trunkPatches } from '../../losses/index.js';
import {
  convNextTrunk,
  createEfficientNetLite,
  openTrunk,
  ParameterStore,
  valueAndFlatGrads,
} from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { assertGradients, normal } from '../support/finite-differences.js';

const trunk = openTrunk(
  convNextTrunk({ dims: [4, 6, 8, 10], depths: [1, 1, 1, 1], layerScale: 1, inputSize: 64 }),
  { seed: 4 },
);
const patches = trunkPatches(trunk, [1, 2]);
const images = (seed: number, size = 64): Tensor4D => normal([2, size, size, 3], seed, 0.4);
const satellite = images(1);
const options = { positive: 'paired', seed: 3, layers: [0, 1] } as const;
const loss = (generated: Tensor4D, rows?: readonly number[]): Scalar =>
  pairedContrast(patches, { generated, input: generated, satellite }, { ...options, ...(rows && { rows }) });

describe("contrast on a trunk's features", () => {
  test('the gradient for the generated images equals finite differences', () => {
    assertGradients((generated) => loss(generated as Tensor4D), [images(2)], 1e-2, 2e-2);
  });
  test('patches are unit vectors of each block, and a pair of equal images has equal ones', () => {
    const [anchors, positives] = patches(satellite, satellite);
    assert.deepEqual(
      anchors.map(({ shape }) => shape),
      [
        [2, 8, 8, 6],
        [2, 4, 4, 8],
      ],
    );
    for (const [layer, map] of anchors.entries()) {
      const lengths = map.square().sum(3).sqrt();
      assert.ok(Math.abs((lengths.min().dataSync()[0] ?? 0) - 1) < 1e-3);
      assert.equal(
        map
          .sub(positives[layer] as Tensor4D)
          .abs()
          .max()
          .dataSync()[0],
        0,
      );
    }
  });
  test('is lower for the pair itself than for other images, row by row', () => {
    const own = loss(satellite).dataSync()[0] ?? Number.NaN;
    assert.ok(own < (loss(images(5)).dataSync()[0] ?? Number.NaN));
    const halves = [0, 1].map((row) => loss(satellite, [row]).dataSync()[0] ?? Number.NaN);
    // Standardised over other positives, so near the same and not equal.
    assert.ok(Math.abs((halves[0] ?? 0) / 2 + (halves[1] ?? 0) / 2 - own) < 0.5);
    assert.equal(loss(satellite, []).dataSync()[0], 0);
  });
  test("the trunk's parameters are constants: only what made the images gets a gradient", () => {
    const start = images(6);
    const made = new ParameterStore([
      { name: 'pixels', shape: start.shape, data: start.dataSync() as Float32Array },
    ]);
    const before = trunk.params.vector.dataSync().slice();
    const run = () => valueAndFlatGrads(() => ({ loss: loss(made.get<Tensor4D>('pixels')) }), [made]);
    const tensors = tf.memory().numTensors;
    const { grads, loss: value } = run();
    assert.ok((grads[0]?.norm().dataSync()[0] ?? 0) > 0);
    tf.dispose([value, ...grads]);
    assert.ok(tf.memory().numTensors <= tensors + 1, 'no tensors are left over'); // the norm
    assert.deepEqual(trunk.params.vector.dataSync(), before);
    made.dispose();
  });
  test('images that follow it come nearer to their pairs', () => {
    const pixels = tf.variable(images(7)) as Variable;
    const optimiser = tf.train.adam(0.02);
    const first = loss(pixels as unknown as Tensor4D).dataSync()[0] ?? Number.NaN;
    for (let step = 0; step < 20; step++) {
      optimiser.minimize(() => loss(pixels as unknown as Tensor4D), false, [pixels]);
    }
    const last = loss(pixels as unknown as Tensor4D).dataSync()[0] ?? Number.NaN;
    assert.ok(last < 0.7 * first, `${first} -> ${last}`);
  });
  test('EfficientNet-Lite takes the gradient through its blocks too', () => {
    const lite = createEfficientNetLite('efficientnet-lite0', 6);
    const through = trunkPatches(lite, [3, 6]);
    const own = images(8);
    const pair = (generated: Tensor4D) =>
      pairedContrast(through, { generated, input: generated, satellite: own }, options);
    // Short steps: ReLU6 has kinks.
    assertGradients((generated) => pair(generated as Tensor4D), [images(9)], 3e-3, 5e-2);
    lite.params.dispose();
  });
});
