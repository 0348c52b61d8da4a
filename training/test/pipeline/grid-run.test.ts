// A run whose encoder is a trunk with a head on the grid: trained, stopped, gone on with, exported, checked as a bundle is, and
// loaded again as the weights of another run.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import * as ort from 'onnxruntime-node';
import { checkNetworks, loadBundle } from 'skyfix/bundles';
import type { RunConfig } from '../../config/index.js';
import { readGridWeights, writeBundle } from '../../export/index.js';
import {
  createEfficientNetLite,
  type GridEncoder,
  headFromArrays,
  headSizes,
  identityConvolution,
  plainHead,
} from '../../networks/index.js';
import { freshEncoder } from '../../pipeline/encoder-of.js';
import { exportRun } from '../../pipeline/export-run.js';
import { tf } from '../../runtime/index.js';
import { RunStopped } from '../../stages/common/loop.js';
import { readSafetensors } from '../../weights/index.js';
import { coded, networksOf, runHere, tinyRun } from '../support/tiny-run.js';

const GRID = [
  'queries=bev',
  'geometry.inputSizePx=64',
  'geometry.bevSizePx=64',
  'geometry.searchMarginPx=8',
  'geometry.searchStepPx=8',
  'tileMarginM=8',
  'shiftM=4',
  'networks.encoder.upTo=[3, 7]',
  'networks.encoder.pooling=grid',
  'networks.encoder.projection=24',
  'stage3.steps=4',
  'bundle.safetensors=true',
  'evaluation.sheets=false',
  'stage3.validateEvery=2',
  'selfTraining.strategy=none',
  'labels.fraction=1',
];

let folder = '';
let config: RunConfig;
let whole = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-grid-run-'));
  config = await tinyRun(folder, GRID);
  whole = join(folder, 'whole');
  await runHere(config, whole);
});
after(() => rm(folder, { recursive: true, force: true }));

/** What an encoder makes of an image, and what a graph does. */
async function both(encoder: GridEncoder, graph: Uint8Array): Promise<[Float32Array, Float32Array]> {
  const { inputSize: size } = encoder;
  const x = tf.randomUniform([2, size, size, 3], 0, 1, 'float32', 3) as Tensor4D;
  const data = tf.tidy(() => x.transpose([0, 3, 1, 2]).dataSync()) as Float32Array;
  const session = await ort.InferenceSession.create(graph);
  const { descriptor } = await session.run({ image: new ort.Tensor('float32', data, [2, 3, size, size]) });
  const rows = encoder.apply(x);
  const own = (await rows.data()) as Float32Array;
  tf.dispose([x, rows]);
  return [own, descriptor?.data as Float32Array];
}

describe('a run with a head on the grid', () => {
  it('makes a bundle that passes the checks of serving', async () => {
    const bundle = await loadBundle(join(whole, 'bundle'));
    assert.equal(bundle.manifest.descriptor.dimensions, 24);
    assert.equal(bundle.manifest.looks, undefined, 'looks lie 8 px apart, cells 32');
    assert.ok(await checkNetworks(bundle, { threads: 1 }));
  });
  it('standardises over its images, and trains trunk and head', async () => {
    const path = join(whole, 'head.safetensors');
    const start = headFromArrays(readSafetensors(await readFile(path)), path);
    assert.ok(start);
    assert.ok(start.deviation.some((value) => value !== 1));
    const file = join(whole, 'bundle/encoder.safetensors');
    const fresh = (await freshEncoder(config, start)) as GridEncoder;
    const trained = readGridWeights(fresh.trunk, 7, await readFile(file), file);
    assert.deepEqual(trained.head?.mean, start.mean);
    assert.notDeepEqual(trained.head?.projection?.matrix.data, start.projection?.matrix.data);
    const name = 'stages.0.blocks.0.mlp.fc1.weight';
    assert.notDeepEqual(trained.params[name]?.data, fresh.trunkArrays()[name]?.data);
    fresh.dispose();
  });
  it('stopped and gone on with, ends with the same networks', async () => {
    const dir = join(folder, 'stopped');
    let asked = 0;
    await assert.rejects(runHere(config, dir, { shouldStop: () => ++asked === 3 }), RunStopped);
    await runHere(config, dir);
    assert.deepEqual(await networksOf(dir), await networksOf(whole));
  });
  it('is exported again from its folder alone', async () => {
    const out = join(folder, 'again');
    const { files } = await exportRun(whole, out, 'timm');
    const { files: first } = (await loadBundle(join(whole, 'bundle'))).manifest;
    assert.deepEqual(files['encoder.onnx'], first['encoder.onnx']);
  });
  it('gives its weights to another run, which starts where this one ended', async () => {
    const weights = join(whole, 'bundle/encoder.safetensors');
    const next = await tinyRun(folder, [...GRID, `networks.encoder.weights=${weights}`]);
    const encoder = (await freshEncoder(next)) as GridEncoder;
    const [own, served] = await both(encoder, await readFile(join(whole, 'bundle/encoder.onnx')));
    for (let row = 0; row < 2; row++) {
      const cosine = own
        .subarray(row * 24, row * 24 + 24)
        .reduce((sum, value, i) => sum + value * (served[row * 24 + i] ?? Number.NaN), 0);
      // Hardly trained channels vary little, so that standardising them widens what float16 rounds.
      assert.ok(cosine > 1 - 1e-4, `${cosine}`);
    }
    encoder.dispose();
    const cases = [
      ['networks.encoder.upTo=[2, 7]', '/networks/encoder/upTo is [2,7]'],
      ['networks.encoder.pooling=mean', '/networks/encoder/pooling is mean'],
      ['networks.encoder.projection=9', 'makes 24 dimensions'],
      ['geometry.inputSizePx=32', 'is for 64 pixels'],
    ] as const;
    for (const [change, text] of cases) {
      const other = await tinyRun(folder, [...GRID, `networks.encoder.weights=${weights}`, change]);
      await assert.rejects(freshEncoder(other), coded('WEIGHTS_INVALID', 'encoder.safetensors', text));
    }
  });
  it('says what of a configuration cannot be', async () => {
    const cases = [
      ['geometry.inputSizePx=48', '/geometry/inputSizePx is 48, not a multiple of 32'],
      ['networks.encoder.upTo=[]', '/networks/encoder/upTo'],
      ['networks.encoder.trunk=resnet', '/networks/encoder/trunk'],
    ] as const;
    for (const [change, text] of cases) {
      await assert.rejects(tinyRun(folder, [...GRID, change]), coded('TRAINING_CONFIG_INVALID', text));
    }
    const far = await tinyRun(folder, [...GRID, 'networks.encoder.upTo=[99]']);
    await assert.rejects(freshEncoder(far), coded('TRAINING_CONFIG_INVALID', 'no block 99'));
    const plain = tinyRun(folder, ['networks.encoder.frozen=true']);
    await assert.rejects(plain, coded('TRAINING_CONFIG_INVALID', '/networks/encoder/frozen is true'));
  });
});

describe("a bundle that holds others' weights", () => {
  it('says whose they are, and keeps the trunk up to its last block', async () => {
    const out = join(folder, 'lite');
    const trunk = createEfficientNetLite('efficientnet-lite0', 4);
    const head = { ...plainHead(40, 2), convolution: identityConvolution(40) };
    await writeBundle(out, {
      name: 'lite',
      version: '1',
      profile: 'lite',
      geometry: {
        ...{ tileSizeM: 40, inputSizePx: 64, bevSizePx: 64, cameraHeightM: 2.5 },
        ...{ searchMarginPx: 32, searchStepPx: 32 },
      },
      encoder: { params: trunk.params.toArrays(), trunk: 'efficientnet-lite0', blocks: [4], head },
      safetensors: 'timm',
    });
    assert.match(
      await readFile(join(out, 'NOTICE.txt'), 'utf8'),
      /ML Illustrated.*Apache License, Version 2\.0/s,
    );
    const bundle = await loadBundle(out);
    const { manifest } = bundle;
    assert.equal(manifest.looks, 'dense', 'all looks of a view in one run');
    assert.ok(await checkNetworks(bundle, { threads: 1 }));
    assert.equal(manifest.descriptor.dimensions, headSizes(head).dimensions);
    const file = join(out, 'encoder.safetensors');
    const bytes = await readFile(file);
    const read = readGridWeights('efficientnet-lite0', 4, bytes, file);
    assert.deepEqual(read.blocks, [4]);
    assert.deepEqual(read.head?.cellWeights, head.cellWeights);
    assert.throws(() => readGridWeights('efficientnet-lite0', 11, bytes, 'short'), {
      code: 'WEIGHTS_INVALID',
      message: /short: blocks\.5\.conv_pw\.weight of efficientnet-lite0 is missing/,
    });
    trunk.params.dispose();
  });
});
