import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import * as ort from 'onnxruntime-node';
import type { BundleManifest } from 'skyfix/bundles';
import { sha256OfFile } from 'skyfix/files';
import { readOnnx } from 'skyfix/onnx';
import { seededRandom } from 'skyfix/random';
import {
  exportEncoderOnnx,
  exportGeneratorOnnx,
  fromTorchLayout,
  initBundle,
  readSafetensors,
  toTorchLayout,
  writeSafetensors,
} from '../../export/index.js';
import {
  type ConvNextConfig,
  createConvNext,
  createGenerator,
  type GeneratorConfig,
  normalNumbers,
  type ParameterStore,
  PROFILES,
} from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';

/** Random values for every parameter, so that no bias, norm or layer scale hides an error by being 0 or 1. */
function shake(params: ParameterStore, seed: number, deviation: number): void {
  const noise = tf.tensor1d(normalNumbers(seededRandom(seed), params.count, deviation));
  params.vector.assign(params.vector.add(noise));
}

/** Largest |difference| between a training graph (NHWC) and the ONNX graph (NCHW) on the same image batch. */
async function largestDifference(
  onnx: Uint8Array,
  apply: (x: Tensor4D) => unknown,
  size: number,
  batch: number,
  low: number,
): Promise<number> {
  const x = tf.randomUniform([batch, size, size, 3], low, 1, 'float32', 17 + batch) as Tensor4D;
  const y = apply(x) as Tensor4D;
  const expected = (y.rank === 4 ? y.transpose([0, 3, 1, 2]) : y).dataSync();
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const feed = new ort.Tensor('float32', x.transpose([0, 3, 1, 2]).dataSync() as Float32Array, [
    batch,
    3,
    size,
    size,
  ]);
  const outputs = await session.run({ [session.inputNames[0] ?? '']: feed });
  const found = outputs[session.outputNames[0] ?? '']?.data as Float32Array;
  assert.equal(found.length, expected.length);
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] ?? Number.NaN))), 0);
}

describe('ONNX graphs equal the training graphs (max |difference| ≤ 1e-4)', () => {
  const generators: Record<string, GeneratorConfig> = {
    small: PROFILES.small.generator,
    'small, residual': { ...PROFILES.small.generator, learnResidual: true },
    'paper, narrow': { ...PROFILES.paper.generator, baseFilters: 4, inputSize: 64 },
  };
  for (const [name, config] of Object.entries(generators)) {
    test(`generator, ${name}`, async () => {
      const net = createGenerator(config, 3);
      shake(net.params, 4, 0.05);
      const onnx = exportGeneratorOnnx(net.params.toArrays(), config);
      for (const batch of [1, 3]) {
        const worst = await largestDifference(onnx, (x) => net.apply(x), config.inputSize, batch, -1);
        assert.ok(worst <= 1e-4, `batch ${batch}: ${worst}`);
      }
    });
  }
  const encoders: Record<string, ConvNextConfig> = {
    small: PROFILES.small.encoder,
    'paper, narrow': { ...PROFILES.paper.encoder, dims: [8, 16, 32, 64], inputSize: 64 },
  };
  for (const [name, config] of Object.entries(encoders)) {
    test(`encoder, ${name}`, async () => {
      const net = createConvNext(config, 5);
      shake(net.params, 6, 0.05);
      const onnx = exportEncoderOnnx(net.params.toArrays(), config);
      for (const batch of [1, 3]) {
        const worst = await largestDifference(onnx, (x) => net.apply(x), config.inputSize, batch, 0);
        assert.ok(worst <= 1e-4, `batch ${batch}: ${worst}`);
      }
    });
  }
});

describe('weights', () => {
  test('safetensors: what is written is read; the layout is the published one', () => {
    const arrays = {
      a: { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 4, 5, 6) },
      b: { shape: [1], data: Float32Array.of(Math.PI) },
    };
    const file = Buffer.from(writeSafetensors(arrays));
    assert.deepEqual(readSafetensors(file), arrays);
    const length = Number(file.readBigUInt64LE(0));
    assert.equal(length % 8, 0);
    const header = JSON.parse(file.toString('utf8', 8, 8 + length));
    assert.deepEqual(header.b, { dtype: 'F32', shape: [1], data_offsets: [24, 28] });
    assert.equal(file.readFloatLE(8 + length + 8), 3.5);
    assert.throws(() => readSafetensors(file.subarray(0, file.length - 2)), { code: 'WEIGHTS_INVALID' });
    // One digit of a shape: the tensor's bytes are then too many.
    const wrong = Buffer.from(file.toString('latin1').replace('[2,3]', '[2,2]'), 'latin1');
    assert.throws(
      () => readSafetensors(wrong, 'w.safetensors'),
      /w\.safetensors: tensor a \[2, 2\] of F32 has 24/,
    );
    const other = Buffer.from(file.toString('latin1').replace('"F32"', '"F8X"'), 'latin1');
    assert.throws(
      () => readSafetensors(other),
      /tensor a has the type F8X; F64, F32, F16, BF16, I64, .* are read/,
    );
    const chosen = readSafetensors(other, 'w', (names) => names.filter((name) => name !== 'a'));
    assert.deepEqual(chosen, { b: arrays.b });
    assert.throws(() => readSafetensors(file.subarray(0, 5)), { code: 'WEIGHTS_INVALID' });
  });

  test('other types than float32 are read by their value', () => {
    const header = Buffer.from(
      JSON.stringify({
        h: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
        b: { dtype: 'BF16', shape: [1], data_offsets: [6, 8] },
        d: { dtype: 'F64', shape: [], data_offsets: [8, 16] },
        i: { dtype: 'I64', shape: [], data_offsets: [16, 24] },
      }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    // IEEE 754 half: 1, −2, the smallest subnormal; bfloat16: 3.140625
    const halves = Buffer.from([0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x49, 0x40]);
    const data = Buffer.alloc(24);
    halves.copy(data);
    data.writeDoubleLE(0.1, 8);
    data.writeBigInt64LE(-7n, 16);
    const arrays = readSafetensors(Buffer.concat([length, header, data]));
    assert.deepEqual([...(arrays.h?.data ?? [])], [1, -2, 2 ** -24]);
    assert.deepEqual([...(arrays.b?.data ?? [])], [3.140625]);
    assert.deepEqual([arrays.d?.data[0], arrays.i?.data[0]], [Math.fround(0.1), -7]);
  });

  test("PyTorch's own files are named, with the line that converts them", () => {
    const files = [
      Buffer.from('PK\x03\x04\0\0\x08\x08\0\0data', 'latin1'),
      Buffer.from([0x80, 2, 0x8a, 10, 108, 252, 156, 70]),
    ];
    for (const file of files) {
      assert.throws(() => readSafetensors(file, 'w.pth'), {
        code: 'WEIGHTS_INVALID',
        message: /w\.pth: it is a PyTorch checkpoint.*safetensors\.torch/,
      });
    }
  });

  test('PyTorch layout: one known element, and back', () => {
    const shape = [2, 3, 4, 5];
    const data = Float32Array.from({ length: 120 }, (_, i) => i);
    const torch = toTorchLayout('x.weight', { shape, data });
    assert.deepEqual(torch.shape, [5, 4, 2, 3]);
    // [o=4, i=1, h=1, w=2] ← [h=1, w=2, i=1, o=4]
    assert.equal(torch.data[4 * 24 + 1 * 6 + 1 * 3 + 2], 1 * 60 + 2 * 20 + 1 * 5 + 4);
    assert.deepEqual(fromTorchLayout('x.weight', torch), { shape, data });
    const depthwise = toTorchLayout('b.conv_dw.weight', { shape: [2, 3, 20, 1], data });
    assert.deepEqual(depthwise.shape, [20, 1, 2, 3]);
    assert.deepEqual(fromTorchLayout('b.conv_dw.weight', depthwise).data, data);
  });
});

describe('bundle', () => {
  let folder: string | undefined;
  after(async () => {
    if (folder) await rm(folder, { recursive: true });
  });
  test('holds what the manifest says, replaces an old one, leaves nothing else', async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-bundle-'));
    const out = join(folder, 'bundle');
    await initBundle('small', out);
    await initBundle('small', out, { seed: 7, safetensors: 'timm' });
    assert.deepEqual(await readdir(folder), ['bundle']);
    const manifest = JSON.parse(await readFile(join(out, 'bundle.json'), 'utf8')) as BundleManifest;
    assert.equal(manifest.version, 'init-7');
    assert.equal(manifest.descriptor.dimensions, 256);
    assert.deepEqual((await readdir(out)).sort(), ['bundle.json', ...Object.keys(manifest.files)].sort());
    for (const [name, { sha256, bytes }] of Object.entries(manifest.files)) {
      assert.equal(await sha256OfFile(join(out, name)), sha256);
      assert.equal((await readFile(join(out, name))).length, bytes);
    }
    /** TensorProto.DataType of ONNX. */
    const FLOAT = 1;
    const summary = readOnnx(await readFile(join(out, 'generator.onnx')));
    assert.equal(summary.opset, 17);
    assert.deepEqual(summary.inputs, [{ name: 'bev', dataType: FLOAT, shape: ['N', 3, 128, 128] }]);
    assert.deepEqual(summary.outputs, [{ name: 'view', dataType: FLOAT, shape: ['N', 3, 128, 128] }]);
    const encoder = readOnnx(await readFile(join(out, 'encoder.onnx')));
    assert.deepEqual(encoder.inputs, [{ name: 'image', dataType: FLOAT, shape: ['N', 3, 128, 128] }]);
    assert.deepEqual(encoder.outputs, [{ name: 'descriptor', dataType: FLOAT, shape: ['N', 256] }]);
  });
});
