// Weights of a trunk, and of a grid encoder, out of the files that there are.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { gridArrays, readGridWeights, torchLayout } from '../../export/index.js';
import {
  createEfficientNetLite,
  createGridEncoder,
  identityConvolution,
  plainHead,
  type TrunkKind,
} from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { writeSafetensors } from '../../weights/index.js';
import { assertParameterGradient } from '../support/finite-differences.js';

const fixture = (name: string) =>
  readFile(fileURLToPath(new URL(`../../../test/fixtures/${name}.safetensors`, import.meta.url)));

/** The size of the committed ConvNeXts. */
const CONVNEXT = { dims: [4, 6, 8, 10], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };

describe('files of weights', () => {
  test("timm's and torchvision's ConvNeXt give the same features on the grid", async () => {
    const x = tf.randomUniform([1, 64, 64, 3], 0, 1, 'float32', 4) as Tensor4D;
    const features = await Promise.all(
      ['convnext-timm', 'convnext-torchvision'].map(async (name) => {
        const { params, head } = readGridWeights(CONVNEXT, 4, await fixture(name), name);
        assert.equal(head, undefined, "timm's head.norm is no head of a grid");
        const encoder = createGridEncoder({
          trunk: CONVNEXT,
          params,
          blocks: [1, 4],
          head: plainHead(16, 2),
          tunesTrunk: false,
        });
        const found = encoder.features(x);
        encoder.dispose();
        return found;
      }),
    );
    const [timm, torchvision] = features;
    assert.ok(timm && torchvision);
    assert.deepEqual(timm.shape, [1, 2, 2, 16]);
    // Two networks of the same size with other random weights: they are read, and they differ.
    for (const one of features) assert.ok((one.abs().mean().dataSync()[0] ?? 0) > 0.01);
  });
  test("a trunk's file alone, a grid encoder's, as float16 too", () => {
    const trunk = createEfficientNetLite('efficientnet-lite0', 4);
    const own = trunk.params.toArrays();
    const alone = readGridWeights('efficientnet-lite0', 4, writeSafetensors(torchLayout(own)), 'alone');
    assert.deepEqual(alone, { params: own });
    const head = { ...plainHead(40, 2), convolution: identityConvolution(40) };
    const content = { params: own, trunk: 'efficientnet-lite0' as const, blocks: [4], head };
    const { arrays, metadata } = gridArrays(content);
    const whole = readGridWeights('efficientnet-lite0', 4, writeSafetensors(arrays, metadata), 'whole');
    assert.deepEqual(whole, { params: own, head, blocks: [4] });
    const half = readGridWeights(
      'efficientnet-lite0',
      4,
      writeSafetensors(arrays, metadata, () => true),
      'half',
    );
    for (const [name, { data }] of Object.entries(half.params)) {
      data.forEach((value, i) => {
        const wanted = own[name]?.data[i] ?? Number.NaN;
        assert.ok(Math.abs(value - wanted) <= 2 ** -11 * Math.abs(wanted) + 2 ** -25, name);
      });
    }
    trunk.params.dispose();
  });
  test('what is missing, of another shape or not finite is told by its name', () => {
    const trunk = createEfficientNetLite('efficientnet-lite0', 1);
    const own = torchLayout(trunk.params.toArrays());
    const name = 'blocks.1.conv_dw.weight';
    const array = own[name];
    assert.ok(array);
    const { [name]: _, ...without } = own;
    const faults: [Record<string, typeof array>, RegExp][] = [
      [without, /x: blocks\.1\.conv_dw\.weight of efficientnet-lite0 is missing/],
      [{ ...own, [name]: { shape: [96, 1, 9], data: array.data } }, /x: blocks\.1\.conv_dw\.weight .*has \[/],
      [
        { ...own, [name]: { ...array, data: array.data.map((v, i) => (i === 5 ? Number.NaN : v)) } },
        /not finite/,
      ],
    ];
    for (const [arrays, message] of faults) {
      assert.throws(() => readGridWeights('efficientnet-lite0', 1, writeSafetensors(arrays), 'x'), {
        code: 'WEIGHTS_INVALID',
        message,
      });
    }
    trunk.params.dispose();
  });
});

test('the gradient for an EfficientNet-Lite that is tuned equals finite differences', () => {
  const trunk: TrunkKind = 'efficientnet-lite0';
  const encoder = createGridEncoder({
    trunk,
    blocks: [2, 4],
    head: plainHead(64, 2),
    seed: 3,
    tunesTrunk: true,
  });
  const x = tf.randomUniform([1, 64, 64, 3], 0, 1, 'float32', 5) as Tensor4D;
  const probe = tf.randomNormal([1, 256], 0, 1, 'float32', 6);
  const loss = () => encoder.apply(x).mul(probe).sum() as Scalar;
  assertParameterGradient(encoder.params, loss, 2e-2);
  encoder.dispose();
});
