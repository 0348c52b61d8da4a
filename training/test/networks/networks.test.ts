import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import {
  CONVNEXT_SIZES,
  createContrastHeads,
  createConvNext,
  createDiscriminator,
  createGenerator,
  PROFILES,
} from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';

describe('parameter counts are the published ones', () => {
  test('generator 11,378,179 (CycleGAN, 9 blocks)', () => {
    assert.equal(createGenerator(PROFILES.paper.generator, 1).params.count, 11_378_179);
  });
  test('discriminator 2,764,737 (70×70 PatchGAN)', () => {
    assert.equal(createDiscriminator(PROFILES.paper.discriminator, 1).params.count, 2_764_737);
  });
  // torchvision and timm without the 1000-class layer.
  const published = { base: 87_566_464, small: 49_454_688, tiny: 27_820_128 };
  for (const [size, count] of Object.entries(published)) {
    test(`ConvNeXt ${size} ${count}`, () => {
      const config = { ...CONVNEXT_SIZES[size as keyof typeof published], layerScale: 1e-6, inputSize: 256 };
      const { params } = createConvNext(config, 1);
      assert.equal(params.count, count);
      params.dispose();
    });
  }
});

describe('shapes', () => {
  test('the discriminator sees 70×70 pixels and gives a 30×30 map of 256×256', () => {
    const net = createDiscriminator({ filters: 2 }, 1);
    assert.deepEqual(net.apply(tf.zeros([1, 256, 256, 3])).shape, [1, 30, 30, 1]);
    // Without norms in its way only the receptive field would count; here: S/8 − 2 at another size.
    assert.deepEqual(net.apply(tf.zeros([2, 128, 128, 3])).shape, [2, 14, 14, 1]);
  });
  test('the generator keeps the size and stays within [−1, 1]; its S/4 map has 4·base channels', () => {
    const net = createGenerator({ baseFilters: 4, blocks: 2, inputSize: 32 }, 1);
    const y = net.apply(tf.randomUniform([2, 32, 32, 3], -1, 1, 'float32', 5));
    assert.deepEqual(y.shape, [2, 32, 32, 3]);
    assert.ok((y.abs().max().dataSync()[0] ?? 2) <= 1);
    assert.deepEqual(net.encodeFeatures(tf.zeros([1, 32, 32, 3])).shape, [1, 8, 8, 16]);
  });
  test('contrast heads: the sizes of the paper, unit vectors', () => {
    const net = createContrastHeads(PROFILES.paper.contrast, 1);
    const maps = net.apply(tf.randomUniform([1, 64, 64, 256], 0, 1, 'float32', 6));
    assert.deepEqual(
      maps.map((map) => map.shape),
      [64, 32, 16].map((n) => [1, n, n, 64]),
    );
    for (const map of maps) {
      const off = map.norm('euclidean', 3).sub(1).abs().max().dataSync()[0] ?? 1;
      assert.ok(off < 1e-3, String(off));
    }
  });
  test('descriptors have unit length and do not depend on the rest of the batch', () => {
    const net = createConvNext(
      { dims: [4, 8, 16, 32], depths: [1, 1, 1, 1], layerScale: 1, inputSize: 64 },
      1,
    );
    const x = tf.randomUniform([3, 64, 64, 3], 0, 1, 'float32', 7);
    const d = net.apply(x as Tensor4D);
    assert.deepEqual(d.shape, [3, 32]);
    assert.ok((d.norm('euclidean', 1).sub(1).abs().max().dataSync()[0] ?? 1) < 1e-4);
    const alone = net.apply(x.slice([1, 0, 0, 0], [1, 64, 64, 3]) as Tensor4D);
    assert.ok(
      (alone
        .sub(d.slice([1, 0], [1, 32]))
        .abs()
        .max()
        .dataSync()[0] ?? 1) < 1e-5,
    );
  });
});
