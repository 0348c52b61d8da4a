// A network in 8 bits: what onnxruntime makes of the file is held against whole numbers in plain loops, and against float32.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ort from 'onnxruntime-node';
import { GraphParts, OnnxGraph, readOnnx } from 'skyfix/onnx';
import { type QuantiseOptions, quantiseNetwork, type Score } from '../../quantisation/index.js';
import {
  DIMENSIONS,
  initializersOf,
  integerReference,
  noise,
  SIDE,
  smallNetwork,
} from './integer-network.js';

const image = (seed: number) => ({
  data: noise(3 * SIDE * SIDE, seed).map((value) => 0.5 + 0.5 * value),
  shape: [1, 3, SIDE, SIDE],
});
const pictures = Array.from({ length: 12 }, (_, k) => image(100 + k));
const heldOut = Array.from({ length: 20 }, (_, k) => image(900 + k));

async function outputs(
  model: Uint8Array,
  input: { readonly data: Float32Array; readonly shape: readonly number[] },
) {
  const session = await ort.InferenceSession.create(model);
  const result = await session.run({ image: new ort.Tensor('float32', input.data, input.shape) });
  await session.release();
  return (name: string) => result[name]?.data as Float32Array;
}

function cosine(a: Float32Array, b: Float32Array): number {
  return (
    a.reduce((sum, value, k) => sum + value * (b[k] as number), 0) / (Math.hypot(...a) * Math.hypot(...b))
  );
}

/** Mean cosine of descriptors over `views`. */
const scoreOver =
  (plain: Uint8Array, views: typeof pictures): Score =>
  async (model) => {
    let sum = 0;
    for (const view of views) {
      sum += cosine((await outputs(plain, view))('descriptor'), (await outputs(model, view))('descriptor'));
    }
    return sum / views.length;
  };

const options: QuantiseOptions = { methods: [100], weightBits: 7, target: 0.5, threads: 1 };
const quantised = (
  bytes: Uint8Array,
  changed: Partial<QuantiseOptions> = {},
  score = scoreOver(bytes, pictures),
) => quantiseNetwork('small.onnx', bytes, pictures, score, { ...options, ...changed });

describe('a network in 8 bits', () => {
  const plain = smallNetwork();

  it('computes what whole numbers say, layer by layer', async () => {
    const { model, quantised: names } = await quantised(plain);
    assert.deepEqual(names, ['first', 'depthwise', 'linear', 'sum', 'product']);
    const parts = new GraphParts(model);
    const inner = ['clipped', 'cut', 'linear', 'sum'];
    const open = parts.with({ nodes: parts.nodes.map(({ bytes }) => bytes), outputs: inner });
    const stored = initializersOf(model);
    for (const view of heldOut.slice(0, 4)) {
      const [found, expected] = [await outputs(open, view), integerReference(model, view.data)];
      for (const name of inner) {
        const step = stored.get(`${name}.scale`)?.values[0] as number;
        const [theirs, ours] = [found(name), expected[name] as Float32Array];
        const apart = theirs.map((value, k) => Math.abs(value - (ours[k] as number)) / step);
        // Their float32 scales may put a value that lies on a border on its other side.
        assert.ok(Math.max(...apart) < 1.01, `${name} is ${Math.max(...apart)} steps apart`);
        assert.ok(apart.filter((each) => each > 0.01).length < 0.01 * apart.length, name);
      }
      assert.ok(cosine(found('descriptor'), expected.descriptor as Float32Array) > 0.99999);
    }
  });

  it('is as near to float32 as is promised, on views that it was not fitted to; by entropy too', async () => {
    for (const methods of [[100], [99.99], ['entropy']] as const) {
      const { model, method } = await quantised(plain, { methods });
      assert.deepEqual([method], methods);
      const kept = await scoreOver(plain, heldOut)(model);
      assert.ok(kept >= 0.995, `${methods}: ${kept}`);
    }
  });

  it('has weights of 7 bits by the channel, or of 8 where they are asked for', async () => {
    for (const [weightBits, most] of [
      [7, 64],
      [8, 127],
    ] as const) {
      const stored = initializersOf((await quantised(plain, { weightBits })).model);
      const { values, shape } = stored.get('first.weight.bytes') ?? { values: [], shape: [] };
      assert.deepEqual(shape, [8, 3, 3, 3]);
      assert.equal(Math.max(...Array.from(values, Math.abs)), most);
      assert.equal(stored.get('first.weight.scales')?.values.length, 8);
      assert.equal(stored.get('product.weight.scales')?.values.length, DIMENSIONS);
    }
  });

  it('is fused by onnxruntime: convolutions and sums of whole numbers, no clipping, no float weights', async () => {
    const { model } = await quantised(plain);
    const { operators, weights } = readOnnx(model);
    assert.ok(!operators.includes('Clip') && !operators.includes('Relu'));
    // Scales alone: 8 channels three times with their biases, 16 columns, and one for each of six values.
    assert.equal(weights, 3 * 16 + 16 + 6);
    const { mkdtemp, readFile, rm } = await import('node:fs/promises');
    const { join } = await import('node:path');
    const { tmpdir } = await import('node:os');
    const folder = await mkdtemp(join(tmpdir(), 'skyfix-fused-'));
    try {
      const path = join(folder, 'optimised.onnx');
      const session = await ort.InferenceSession.create(model, {
        optimizedModelFilePath: path,
        logSeverityLevel: 3,
      });
      await session.release();
      const fused = readOnnx(await readFile(path)).operators;
      const count = (name: string) => fused.filter((each) => each === name).length;
      assert.deepEqual(
        [count('QLinearConv'), count('QLinearAdd'), count('Conv'), count('Add')],
        [3, 1, 0, 0],
      );
      assert.equal(count('MatMulIntegerToFloat'), 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has no second copy in float of weights that something else reads too', async () => {
    const graph = new OnnxGraph('shared');
    const x = graph.input('image', ['N', 3, SIDE, SIDE]);
    const weight = graph.constant('w', [8, 3, 3, 3], noise(216, 3));
    const bias = graph.constant('b', [8], noise(8, 4));
    const features = graph.node('Conv', [x, weight, bias], { kernel_shape: [3, 3] }, 'features');
    const means = graph.node('Flatten', [graph.node('GlobalAveragePool', [features])], { axis: 1 }, 'means');
    const rows = graph.node('Reshape', [weight, graph.integers('rows', [8, 27])], {}, 'flat');
    const twice = graph.node('Add', [rows, rows], {}, 'twice');
    graph.output(graph.node('MatMul', [means, twice], {}, 'descriptor'), ['N', 27]);
    const bytes = graph.encode();
    const { model, quantised: names } = await quantised(bytes);
    assert.deepEqual(names, ['features']);
    const stored = initializersOf(model);
    assert.equal(
      Math.max(
        ...Array.from(stored, ([, { values }]) => (values instanceof Float32Array ? values.length : 0)),
      ),
      8,
    );
    const kept = await scoreOver(bytes, heldOut)(model);
    assert.ok(kept >= 0.995, `${kept}`);
  });

  it('leaves in float the layers that cost the most, and no more of them than it must', async () => {
    // A score that knows which layer is in 8 bits: as if the depthwise layer alone did the harm.
    const isIn8Bits = (model: Uint8Array, name: string) => initializersOf(model).has(`${name}.weight.bytes`);
    const score: Score = async (model) =>
      isIn8Bits(model, 'depthwise') ? 0.9 : isIn8Bits(model, 'linear') ? 0.98 : 1;
    const { inFloat, alone, score: reached, model } = await quantised(plain, { target: 0.97 }, score);
    assert.deepEqual(inFloat, ['depthwise']);
    assert.deepEqual(
      alone.slice(0, 2).map(({ name }) => name),
      ['depthwise', 'linear'],
    );
    assert.equal(reached, 0.98);
    assert.ok(isIn8Bits(model, 'first') && isIn8Bits(model, 'linear') && !isIn8Bits(model, 'depthwise'));
    const kept = await scoreOver(plain, heldOut)(model);
    assert.ok(kept >= 0.995, `with a layer in float: ${kept}`);
    const two = await quantised(plain, { target: 0.99 }, score);
    assert.deepEqual(two.inFloat, ['depthwise', 'linear']);
    await assert.rejects(
      quantised(plain, { target: 0.99 }, async () => 0.5),
      {
        code: 'NETWORK_INVALID',
        message: /no layer but the least harmful.*cosine of 0\.99/,
      },
    );
  });

  it('takes the best of several ways to choose ranges', async () => {
    const scores = [0.7, 0.9, 0.8];
    const { method } = await quantised(
      plain,
      { methods: [100, 99.9, 'entropy'] },
      async () => scores.shift() ?? 0.9,
    );
    assert.equal(method, 99.9);
  });

  it('is refused where there is nothing to quantise, or the operator set is too old', async () => {
    const graph = new OnnxGraph('none');
    const x = graph.input('image', ['N', 3, SIDE, SIDE]);
    graph.output(graph.node('Flatten', [graph.node('Relu', [x])], { axis: 1 }, 'descriptor'), ['N', 432]);
    const refused = (bytes: Uint8Array, message: RegExp) =>
      assert.rejects(
        quantised(bytes, {}, async () => 1),
        { code: 'NETWORK_INVALID', message },
      );
    await refused(graph.encode(), /small\.onnx has no convolution or product/);
    await refused((await quantised(plain)).model, /it is quantised already/);
    const old = Uint8Array.from(plain);
    // The operator set's version, the last varint of the file's import: 17 becomes 11.
    const at = old.findIndex(
      (byte, k) => byte === 0x10 && old[k + 1] === 17 && (old[k - 1] === 0 || old[k - 2] === 0x42),
    );
    assert.ok(at >= 0);
    old[at + 1] = 11;
    await refused(old, /operator set 11; quantising needs 13/);
  });
});
