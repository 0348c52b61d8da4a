// EfficientNet-Lite against PyTorch's: fixtures/make_trunk.py wrote what efficientnet-lite-pytorch computes.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Rank, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import * as ort from 'onnxruntime-node';
import { exportTrunkOnnx, readTrunk, trunkOf } from '../../export/index.js';
import {
  type EfficientNetLiteName,
  efficientNetLiteBlocks,
  featureChannels,
  gridFeatures,
  type NamedArray,
} from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { foldBatchNorms } from '../../weights/fold-batch-norms.js';
import { readSafetensors, trunkPath } from '../../weights/index.js';

const FIXTURE = fileURLToPath(new URL('../../../test/fixtures/trunk-expected.safetensors', import.meta.url));
const expected = readSafetensors(await readFile(FIXTURE));

/** [B, 3, height, width] in [0, 1], as waves() in make_trunk.py. */
function waves(count: number, height: number, width: number): Float32Array {
  return Float32Array.from({ length: count * 3 * height * width }, (_, k) => {
    const x = k % width;
    const y = Math.floor(k / width) % height;
    const c = Math.floor(k / width / height) % 3;
    const n = Math.floor(k / width / height / 3);
    return 0.5 + 0.5 * Math.sin((n + 1) * 0.13 * x + (c + 1) * 0.21 * y + n);
  });
}

/** parameter() in make_trunk.py. */
function parameter(name: string, shape: readonly number[], seed: number): NamedArray {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin(12.9898 * (i + 1) + 78.233 * seed);
    if (name.endsWith('running_var')) return 1 + 0.3 * value;
    if (name.endsWith('running_mean') || name.endsWith('bias')) return 0.1 * value;
    if (shape.length === 1) return 1 + 0.2 * value;
    return (value * 2) / Math.sqrt(count / (shape[0] ?? 1));
  });
  return { shape, data };
}

/** All parameters in front of the classifier under their published names, in PyTorch's order. */
function madeUp(name: EfficientNetLiteName): Record<string, NamedArray> {
  const arrays: Record<string, NamedArray> = {};
  const add = (key: string, shape: readonly number[]) => {
    arrays[key] = parameter(key, shape, Object.keys(arrays).length);
  };
  const layer = (conv: string, norm: string, shape: readonly number[]) => {
    add(`${conv}.weight`, shape);
    for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
      add(`${norm}.${part}`, [shape[0] ?? 0]);
  };
  layer('_conv_stem', '_bn0', [32, 3, 3, 3]);
  efficientNetLiteBlocks(name).forEach(({ expand, channelsIn, channels, kernel }, i) => {
    const inner = channelsIn * expand;
    if (expand > 1) layer(`_blocks.${i}._expand_conv`, `_blocks.${i}._bn0`, [inner, channelsIn, 1, 1]);
    layer(`_blocks.${i}._depthwise_conv`, `_blocks.${i}._bn1`, [inner, 1, kernel, kernel]);
    layer(`_blocks.${i}._project_conv`, `_blocks.${i}._bn2`, [channels, inner, 1, 1]);
  });
  return arrays;
}

/** Features [B, C, h, w] by TensorFlow and by onnxruntime. */
async function computed(
  name: EfficientNetLiteName,
  arrays: Readonly<Record<string, NamedArray>>,
  chosen: readonly number[],
  shape: readonly [number, number, number, number],
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const image = waves(shape[0], shape[2], shape[3]);
  const trunk = trunkOf(name, arrays);
  const inTensorflow = tf.tidy(() => {
    const images: Tensor4D = tf.tensor4d(image, [...shape]).transpose([0, 2, 3, 1]);
    return gridFeatures(trunk, images, chosen).transpose([0, 3, 1, 2]);
  });
  const session = await ort.InferenceSession.create(exportTrunkOnnx(name, arrays, chosen), {
    intraOpNumThreads: 1,
  });
  const { features } = await session.run({ image: new ort.Tensor('float32', image, shape) });
  assert.ok(features);
  const tensorflow = { shape: inTensorflow.shape, data: (await inTensorflow.data()) as Float32Array };
  tf.dispose([inTensorflow, trunk.params.vector]);
  return { tensorflow, onnx: { shape: features.dims, data: features.data as Float32Array } };
}

/** Length of the difference beside the length of what is expected. */
function relative(found: Float32Array, wanted: Float32Array): number {
  assert.equal(found.length, wanted.length);
  return Math.hypot(...found.map((value, i) => value - (wanted[i] ?? Number.NaN))) / Math.hypot(...wanted);
}

describe('EfficientNet-Lite equals efficientnet-lite-pytorch (relative difference ≤ 1e-4)', () => {
  const cases = [
    ['efficientnet-lite0', 'efficientnet-lite0', [4, 7, 12], [1, 3, 64, 96]],
    ['efficientnet-lite2', 'efficientnet-lite2', [8, 15], [2, 3, 64, 64]],
    ['sides that 32 does not divide', 'efficientnet-lite2', [8, 15], [1, 3, 75, 50]],
  ] as const;
  for (const [title, name, chosen, shape] of cases) {
    test(title, async () => {
      const arrays = foldBatchNorms(name, madeUp(name), 'made up');
      const wanted = expected[title.startsWith('sides') ? 'efficientnet-lite2.odd' : name];
      assert.ok(wanted);
      for (const [by, found] of Object.entries(await computed(name, arrays, chosen, shape))) {
        assert.deepEqual([...found.shape], [...wanted.shape], by);
        const difference = relative(found.data, wanted.data);
        assert.ok(difference <= 1e-4, `${by}: ${difference}`);
      }
    });
  }

  const cached = existsSync(trunkPath('efficientnet-lite2'));
  test('with the published weights', {
    skip: cached ? false : 'not installed: the trunks (npm run setup:trunks)',
  }, async () => {
    const arrays = await readTrunk('efficientnet-lite2');
    const wanted = expected['efficientnet-lite2.published'];
    assert.ok(wanted);
    for (const [by, found] of Object.entries(
      await computed('efficientnet-lite2', arrays, [8, 15], [2, 3, 224, 224]),
    )) {
      assert.deepEqual([...found.shape], [2, 296, 7, 7], by);
      const sampled = found.data.filter((_, i) => i % 16 === 0);
      const difference = relative(sampled, wanted.data);
      assert.ok(difference <= 1e-4, `${by}: ${difference}`);
    }
  });
});

describe('blocks', () => {
  test('channels and strides are those of the published networks', () => {
    const lite2 = efficientNetLiteBlocks('efficientnet-lite2');
    assert.equal(lite2.length, 21);
    assert.deepEqual(
      [0, 4, 8, 15, 20].map((i) => [lite2[i]?.channels, lite2[i]?.stridePx]),
      [
        [16, 2],
        [48, 8],
        [88, 16],
        [208, 32],
        [352, 32],
      ],
    );
    assert.equal(efficientNetLiteBlocks('efficientnet-lite0').length, 16);
    assert.equal(featureChannels(lite2, [8, 15]), 296);
  });
  test('none, one twice or one unknown is refused by its number', () => {
    const lite0 = efficientNetLiteBlocks('efficientnet-lite0');
    for (const chosen of [[], [3, 3], [16], [-1]]) {
      assert.throws(() => featureChannels(lite0, chosen), {
        code: 'TRAINING_CONFIG_INVALID',
        message: /0 to 15/,
      });
    }
  });
  test('features do not leak tensors, and hold nothing behind the last block that is asked for', () => {
    const trunk = trunkOf(
      'efficientnet-lite0',
      foldBatchNorms('efficientnet-lite0', madeUp('efficientnet-lite0'), 'made up'),
    );
    const images = tf.zeros<Rank.R4>([1, 32, 32, 3]);
    const before = tf.memory().numTensors;
    gridFeatures(trunk, images, [2]).dispose();
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([images, trunk.params.vector]);
  });
});

test('where the published network is another, the fault is told with its tensor', () => {
  const arrays = madeUp('efficientnet-lite0');
  assert.throws(() => foldBatchNorms('efficientnet-lite2', arrays, 'lite0.pth'), {
    code: 'WEIGHTS_INVALID',
    message: /lite0\.pth: _blocks\.\d+\._\w+\.\w+/,
  });
});

test('the folder of trunks follows SKYFIX_CACHE', () => {
  assert.equal(
    trunkPath('efficientnet-lite0', { SKYFIX_CACHE: '/cache' }),
    join('/cache', 'trunks', 'efficientnet-lite0-0.1.0.safetensors'),
  );
});
