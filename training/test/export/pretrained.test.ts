// Weights trained elsewhere, against what PyTorch computes with them. fixtures/make_pretrained.py made the files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import * as ort from 'onnxruntime-node';
import type { BundleManifest } from 'skyfix/bundles';
import { sha256OfFile } from 'skyfix/files';
import { exportCommand } from '../../cli/export-command.js';
import {
  cycleGanNaming,
  exportEncoderOnnx,
  exportGeneratorOnnx,
  initBundle,
  loadPretrainedEncoder,
  loadPretrainedGenerator,
  pretrainedBundle,
  readSafetensors,
  torchvisionName,
  writeSafetensors,
} from '../../export/index.js';
import { createConvNext, createGenerator, type NamedArray, PROFILES } from '../../networks/index.js';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));
const fixture = (name: string) => readFile(join(FIXTURES, `${name}.safetensors`));

const ENCODER = { dims: [4, 6, 8, 10], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };
const GENERATOR = { baseFilters: 1, blocks: 9, inputSize: 16 };

const root = await mkdtemp(join(tmpdir(), 'skyfix-pretrained-'));
after(() => rm(root, { recursive: true }));

/** [3, size, size] in [0, 1], image n of waves() in make_pretrained.py. */
function wave(n: number, size: number): Float32Array {
  return Float32Array.from({ length: 3 * size * size }, (_, k) => {
    const [c, y, x] = [Math.floor(k / size / size), Math.floor(k / size) % size, k % size];
    return 0.5 + 0.5 * Math.sin((n + 1) * 0.13 * x + (c + 1) * 0.21 * y + n);
  });
}

/** What an ONNX network makes of one image [3, size, size]. */
async function run(session: ort.InferenceSession, image: Float32Array, size: number): Promise<Float32Array> {
  const feed = new ort.Tensor('float32', image, [1, 3, size, size]);
  const outputs = await session.run({ [session.inputNames[0] ?? '']: feed });
  return outputs[session.outputNames[0] ?? '']?.data as Float32Array;
}

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = a.reduce((sum, value, k) => sum + value * (b[k] ?? Number.NaN), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
};

/** Row n of [N, D]. */
const row = ({ shape, data }: NamedArray, n: number) => {
  const width = shape[1] ?? 0;
  return data.slice(n * width, (n + 1) * width);
};

async function expected(name: string): Promise<NamedArray> {
  const array = readSafetensors(await fixture('pretrained-expected'))[name];
  assert.ok(array);
  return array;
}

describe('weights of PyTorch networks compute here what they compute there', () => {
  for (const library of ['timm', 'torchvision']) {
    test(`ConvNeXt of ${library}`, async () => {
      const net = createConvNext(ENCODER, 1);
      loadPretrainedEncoder(net.params, await fixture(`convnext-${library}`), library);
      const session = await ort.InferenceSession.create(exportEncoderOnnx(net.params.toArrays(), ENCODER));
      const descriptors = await expected(library);
      assert.ok(cosine(row(descriptors, 0), row(descriptors, 1)) < 0.999, 'the images are told apart');
      for (const n of [0, 1]) {
        const found = await run(session, wave(n, ENCODER.inputSize), ENCODER.inputSize);
        row(descriptors, n).forEach((value, k) => {
          assert.ok(Math.abs(value - (found[k] ?? Number.NaN)) < 1e-5, `image ${n}, ${k}: ${found[k]}`);
        });
      }
    });
  }

  test("generator of CycleGAN's reference implementation", async () => {
    const net = createGenerator(GENERATOR, 1);
    loadPretrainedGenerator(net.params, GENERATOR.blocks, await fixture('generator-cyclegan'), 'cyclegan');
    const session = await ort.InferenceSession.create(exportGeneratorOnnx(net.params.toArrays(), GENERATOR));
    const bev = wave(0, GENERATOR.inputSize).map((value) => 2 * value - 1);
    const found = await run(session, bev, GENERATOR.inputSize);
    const { data: view } = await expected('view');
    assert.equal(found.length, view.length);
    view.forEach((value, k) => {
      assert.ok(Math.abs(value - (found[k] ?? Number.NaN)) < 1e-4, `value ${k}: ${found[k]}, not ${value}`);
    });
  });
});

describe('names', () => {
  test("torchvision's", () => {
    const names = {
      'stem.0.weight': 'features.0.0.weight',
      'stem.1.bias': 'features.0.1.bias',
      'stages.0.blocks.2.conv_dw.weight': 'features.1.2.block.0.weight',
      'stages.1.downsample.1.weight': 'features.2.1.weight',
      'stages.2.blocks.26.mlp.fc2.bias': 'features.5.26.block.5.bias',
      'stages.3.blocks.0.mlp.fc1.weight': 'features.7.0.block.3.weight',
      'stages.3.blocks.0.gamma': 'features.7.0.layer_scale',
      'head.norm.weight': 'classifier.0.weight',
    };
    for (const [ours, theirs] of Object.entries(names)) assert.equal(torchvisionName(ours), theirs);
  });

  test("CycleGAN's resnet_9blocks and resnet_6blocks", () => {
    const nine = cycleGanNaming(9);
    assert.equal(nine('in.weight'), 'model.1.weight');
    assert.equal(nine('block8.conv2.bias'), 'model.18.conv_block.5.bias');
    assert.equal(nine('out.bias'), 'model.26.bias');
    assert.equal(cycleGanNaming(6)('up1.weight'), 'model.16.weight');
  });
});

describe('a file that does not fit is refused by the tensor, with both shapes', () => {
  const change = async (name: string, edit: (arrays: Record<string, NamedArray>) => void) => {
    const arrays = readSafetensors(await fixture(name));
    edit(arrays);
    return writeSafetensors(arrays);
  };
  const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
  const refused = (load: () => void, message: RegExp) => {
    assert.throws(load, { code: 'WEIGHTS_INVALID', message });
  };

  test('of an encoder', async () => {
    const { params } = createConvNext(ENCODER, 1);
    const before = params.vector.dataSync();
    const load = (bytes: Uint8Array) => () => loadPretrainedEncoder(params, bytes, 'w.safetensors');
    const missing = await change(
      'convnext-torchvision',
      (arrays) => delete arrays['features.3.0.layer_scale'],
    );
    refused(
      load(missing),
      /w\.safetensors: features\.3\.0\.layer_scale needs \[6, 1, 1\], the file has nothing/,
    );
    const extra = await change('convnext-timm', (arrays) => {
      arrays['stages.3.blocks.1.gamma'] = zeros(10);
    });
    refused(load(extra), /the network has no stages\.3\.blocks\.1\.gamma, the file has it as \[10\]/);
    const shaped = await change('convnext-timm', (arrays) => {
      arrays['stages.2.blocks.0.mlp.fc1.weight'] = zeros(8, 32);
    });
    refused(load(shaped), /mlp\.fc1\.weight needs \[32, 8\], the file has \[8, 32\]/);
    const infinite = await change('convnext-timm', (arrays) => {
      arrays['stem.0.bias'] = { shape: [4], data: Float32Array.of(0, Number.NaN, 0, 0) };
    });
    refused(load(infinite), /stem\.0\.bias \[4\] holds values that are not finite/);
    const wide = createConvNext({ ...ENCODER, dims: [8, 12, 16, 20] }, 1);
    const other = await fixture('convnext-timm');
    refused(
      () => loadPretrainedEncoder(wide.params, other, 'w'),
      /stem\.0\.weight needs \[8, 3, 4, 4\], the file has \[4, 3, 4, 4\]; .*; and \d+ more/,
    );
    assert.deepEqual(params.vector.dataSync(), before, 'nothing was loaded');
  });

  test("of a generator; wrappers' prefixes are no fault, two tensors of one name are", async () => {
    const { params } = createGenerator({ ...GENERATOR, blocks: 6 }, 1);
    const nine = await fixture('generator-cyclegan');
    refused(
      () => loadPretrainedGenerator(params, 6, nine, 'g'),
      /model\.16\.weight needs \[4, 2, 3, 3\], the file has nothing/,
    );
    const encoder = createConvNext(ENCODER, 1);
    const arrays = readSafetensors(await fixture('convnext-timm'));
    const wrapped = Object.entries(arrays).map(([name, array]) => [`module.model.${name}`, array]);
    const bytes = writeSafetensors({ ...Object.fromEntries(wrapped), logit_scale: zeros(1) });
    loadPretrainedEncoder(encoder.params, bytes, 'w');
    const twice = writeSafetensors({ ...arrays, ...Object.fromEntries(wrapped) });
    refused(() => loadPretrainedEncoder(encoder.params, twice, 'w'), /it holds 2 networks/);
  });
});

function refusedWeights(load: () => void, message: RegExp): void {
  assert.throws(load, { code: 'WEIGHTS_INVALID', message });
}

describe('files of other times and wrappers', () => {
  const generatorFrom = (arrays: Record<string, NamedArray>) => {
    const { params } = createGenerator(GENERATOR, 2);
    loadPretrainedGenerator(params, GENERATOR.blocks, writeSafetensors(arrays), 'g');
    return params.vector.dataSync();
  };

  test("a generator's running statistics, which nothing reads, are left out, whatever their type", async () => {
    const arrays = readSafetensors(await fixture('generator-cyclegan'));
    const plain = generatorFrom(arrays);
    const old = Object.fromEntries(
      Object.entries(arrays).flatMap(([name, array]) => {
        const [, before = '', at = ''] = /^(.*\.)(\d+)\.bias$/.exec(name) ?? [];
        if (at === '') return [[name, array]];
        const norm = `${before}${Number(at) + 1}`;
        const statistics = { shape: array.shape, data: new Float32Array(array.data.length).fill(Number.NaN) };
        const count = { shape: [], data: Float32Array.of(7) };
        return [
          [name, array],
          [`${norm}.running_mean`, statistics],
          [`${norm}.running_var`, statistics],
          [`${norm}.num_batches_tracked`, count],
        ] as [string, NamedArray][];
      }),
    );
    assert.ok(Object.keys(old).length > Object.keys(arrays).length + 60);
    assert.deepEqual(generatorFrom(old), plain);
    // 64-bit counters, as PyTorch 0.4.1 to now writes them
    const file = Buffer.from(writeSafetensors(old));
    const length = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
      string,
      Record<string, unknown>
    >;
    for (const [name, entry] of Object.entries(header)) {
      if (name.endsWith('num_batches_tracked')) Object.assign(entry, { dtype: 'F8_E4M3' });
    }
    const json = Buffer.from(JSON.stringify(header));
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(json.length));
    const { params } = createGenerator(GENERATOR, 2);
    loadPretrainedGenerator(
      params,
      GENERATOR.blocks,
      Buffer.concat([start, json, file.subarray(8 + length)]),
      'g',
    );
    assert.deepEqual(params.vector.dataSync(), plain);
    // What an affine norm has would change the result: it is refused.
    const affine = { ...arrays, 'model.2.weight': { shape: [1], data: Float32Array.of(2) } };
    refusedWeights(() => generatorFrom(affine), /the network has no model\.2\.weight/);
  });

  test("any prefix before the first tensor is the wrapper's; a file of two networks is refused by their names", async () => {
    const arrays = readSafetensors(await fixture('generator-cyclegan'));
    const plain = generatorFrom(arrays);
    const behind = (prefix: string) =>
      Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${prefix}${name}`, array]));
    for (const prefix of ['module.', 'netG_A.', 'state_dict.module.', '_orig_mod.'])
      assert.deepEqual(generatorFrom(behind(prefix)), plain, prefix);
    refusedWeights(
      () => generatorFrom({ ...behind('netG_A.'), ...behind('netG_B.') }),
      /it holds 2 networks \(netG_A\.model\.1\.weight, netG_B\.model\.1\.weight\)/,
    );
    for (const library of ['timm', 'torchvision']) {
      const own = readSafetensors(await fixture(`convnext-${library}`));
      const wrapped = Object.entries(own).map(([name, array]) => [`_orig_mod.backbone.${name}`, array]);
      const [net, other] = [createConvNext(ENCODER, 1), createConvNext(ENCODER, 2)];
      loadPretrainedEncoder(net.params, writeSafetensors(own), library);
      const scale = { 'module.logit_scale': { shape: [], data: Float32Array.of(1) } };
      loadPretrainedEncoder(
        other.params,
        writeSafetensors({ ...Object.fromEntries(wrapped), ...scale }),
        library,
      );
      assert.deepEqual(other.params.vector.dataSync(), net.params.vector.dataSync());
    }
  });
});

describe('skyfix-train export', () => {
  const run = (...args: string[]) =>
    exportCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parseAsync(['node', 'export', ...args]);

  test('of weights writes the graphs that the networks they came from were exported to', async () => {
    const [first, second, third] = ['first', 'second', 'third'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    const { files } = await initBundle('small', first, { seed: 7, safetensors: 'timm' });
    const generatorWeights = join(first, 'generator.safetensors');
    // The second one gets timm's names and leaves torchvision's, which the third one gets.
    for (const [out, from] of [
      [second, first],
      [third, second],
    ] as const) {
      const encoderWeights = join(from, 'encoder.safetensors');
      await run(
        ...['--encoder-weights', encoderWeights, '--generator-weights', generatorWeights],
        ...['--profile', 'small', '--tile-size-m', '40', '--safetensors', 'torchvision', '--out', out],
      );
      const manifest = JSON.parse(await readFile(join(out, 'bundle.json'), 'utf8')) as BundleManifest;
      assert.deepEqual(manifest.files['encoder.onnx'], files['encoder.onnx']);
      assert.deepEqual(manifest.files['generator.onnx'], files['generator.onnx']);
      assert.equal(manifest.geometry.tileSizeM, 40);
      assert.equal(manifest.version, (await sha256OfFile(encoderWeights)).slice(0, 12));
      assert.deepEqual(manifest.files['generator.safetensors'], files['generator.safetensors']);
    }
    const namesIn = async (file: string) => Object.keys(readSafetensors(await readFile(file)));
    assert.ok((await namesIn(generatorWeights)).includes('model.1.weight'));
    assert.ok((await namesIn(join(first, 'encoder.safetensors'))).includes('stem.0.weight'));
    const scale = readSafetensors(await readFile(join(second, 'encoder.safetensors')))[
      'features.1.0.layer_scale'
    ];
    assert.deepEqual(scale?.shape.slice(1), [1, 1]);
  });

  test('of an encoder alone has no generator; a file that is not there and half a command are refused', async () => {
    const encoderWeights = join(root, 'first', 'encoder.safetensors');
    const out = join(root, 'alone');
    await run('--encoder-weights', encoderWeights, '--out', out);
    assert.deepEqual((await readdir(out)).sort(), ['bundle.json', 'encoder.onnx']);
    const absent = run('--encoder-weights', join(root, 'absent'), '--out', join(root, 'no'));
    await assert.rejects(absent, { code: 'WEIGHTS_INVALID', message: /absent cannot be read/ });
    const wrong = [
      [],
      ['--generator-weights', 'g'],
      ['--init', '--encoder-weights', encoderWeights],
      ['--init', '--tile-size-m', '0'],
    ];
    for (const args of wrong) {
      await assert.rejects(run(...args, '--out', join(root, 'no')), CommanderError);
    }
    assert.ok(!(await readdir(root)).includes('no'));
  });
});

const look =
  "import importlib.util as u; print(*[m for m in ('torch','timm','torchvision','safetensors') if not u.find_spec(m)])";
const python = spawnSync('python3', ['-c', look], { encoding: 'utf8' });
const without = python.status === 0 ? python.stdout.trim() : 'python3';

test("a ConvNeXt-B of timm: cosine to PyTorch's descriptors at least 0.99999 on 20 images", {
  skip: without === '' ? false : `not installed: ${without}`,
}, async () => {
  const made = spawnSync('python3', [join(FIXTURES, 'make_pretrained.py'), 'base', root], {
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
  const out = join(root, 'base');
  const encoderWeights = join(root, 'convnext-timm.safetensors');
  await pretrainedBundle(PROFILES.paper, out, { encoderWeights, tileSizeM: 64 });
  const session = await ort.InferenceSession.create(join(out, 'encoder.onnx'));
  const descriptors = readSafetensors(await readFile(join(root, 'pretrained-expected.safetensors'))).timm;
  assert.deepEqual(descriptors?.shape, [20, 1024]);
  const size = PROFILES.paper.encoder.inputSize;
  for (let n = 0; n < 20; n++) {
    const found = await run(session, wave(n, size), size);
    const similarity = cosine(found, row(descriptors, n));
    assert.ok(similarity >= 0.99999, `image ${n}: ${similarity}`);
    const neighbour = cosine(found, row(descriptors, (n + 1) % 20));
    assert.ok(neighbour < 0.9999, `image ${n} and the next are told apart: ${neighbour}`);
  }
});
