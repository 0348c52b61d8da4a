// A run whose encoder's head is fitted in closed form: features once, no steps, a bundle that serves, the training-free grid
// beside it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkNetworks, loadBundle } from 'skyfix/bundles';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { Describer, lookCorners, openNetworks } from 'skyfix/describe';
import { rgbToNchw, stackTensors } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import type { RunConfig } from '../../config/index.js';
import { headFromArrays, headSizes } from '../../networks/index.js';
import { exportRun } from '../../pipeline/export-run.js';
import { onnxEmbed } from '../../pipeline/index.js';
import type { RetrievalResult, RunResult } from '../../runs/index.js';
import { isScalars, readMetrics } from '../../runs/metrics-file.js';
import { RunStopped } from '../../stages/index.js';
import { imageOfStore, memoryStore } from '../../stores/index.js';
import { readSafetensors } from '../../weights/index.js';
import { coded, networksOf, runHere, tinyRun } from '../support/tiny-run.js';

const HEAD = [
  'queries=bev',
  'geometry.inputSizePx=64',
  'geometry.bevSizePx=64',
  'geometry.searchMarginPx=32',
  'geometry.searchStepPx=32',
  'geometry.cameraHeightsM=[2.3, 2.5]',
  'tileMarginM=0',
  'shiftM=0',
  'networks.encoder.upTo=[3, 7]',
  'networks.encoder.pooling=grid',
  'networks.encoder.frozen=true',
  'networks.encoder.projection=10',
  'stage3.head={ channels: 6, regularisation: 0.1, turned: 1, changed: 1 }',
  'stage3.validateEvery=0',
  'selfTraining.strategy=none',
  'labels.fraction=1',
  'bundle.safetensors=true',
  'evaluation.robustness=true',
];

const TUNE =
  'batch: 3, learningRate: 0.001, scale: 10, labelSmoothing: 0, turns: 2, narrowShare: 0.5, hold: 0.1';

let folder = '';
let config: RunConfig;
let dir = '';
let result: RunResult | undefined;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-head-run-'));
  config = await tinyRun(folder, HEAD);
  dir = join(folder, 'run');
  result = await runHere(config, dir);
});
after(() => rm(folder, { recursive: true, force: true }));

describe('a run that fits a head', () => {
  it('makes a bundle whose looks are dense, with the heights that a server tries', async () => {
    const bundle = await loadBundle(join(dir, 'bundle'));
    assert.equal(bundle.manifest.looks, 'dense');
    assert.equal(bundle.manifest.descriptor.dimensions, 10);
    assert.deepEqual(bundle.manifest.geometry.cameraHeightsM, [2.3, 2.5]);
    assert.ok(await checkNetworks(bundle, { threads: 1 }));
  });
  it('keeps the head that it fitted', async () => {
    const path = join(dir, 'head.safetensors');
    const head = headFromArrays(readSafetensors(await readFile(path), path), path);
    assert.ok(head);
    assert.deepEqual(headSizes(head), { features: 160, channels: 6, cells: 2, window: 24, dimensions: 10 });
  });
  it('measures it in pairs, on the grid and when something is wrong, the training-free grid beside it', () => {
    const [grid, trained] = result?.retrieval ?? [];
    assert.deepEqual([grid?.model, trained?.model], ['untrained', 'trained']);
    for (const figures of [grid, trained]) {
      assert.ok(figures?.grid && figures.paired.queries > 0);
    }
    assert.ok((result?.robustness?.length ?? 0) > 5);
  });
  it('is measured by its graphs as it is served: looks with the ground around them, all heights', async () => {
    const bundle = await loadBundle(join(dir, 'bundle'));
    const { geometry, descriptor } = bundle.manifest;
    const networks = await openNetworks(bundle, { threads: 1 });
    try {
      const describer = new Describer(networks, bundle.manifest);
      const rng = makeRng(5);
      const data = Uint8Array.from({ length: 3 * 128 * 128 * 3 }, () => Math.floor(rng.range(0, 256)));
      const views = memoryStore({ sizePx: 128, count: 3, data });
      const embed = onnxEmbed(describer, geometry, descriptor.dimensions);
      const looks = await describer.look(
        stackTensors([2, 0].map((k) => rgbToNchw(imageOfStore(views, k), undefined, 'unit'))),
      );
      const rows = [2, 0];
      for (const [k, corner] of lookCorners(geometry).entries()) {
        const found = await embed(views, { ...corner, sizePx: 64 }, rows);
        const expected = looks.flatMap((ofView) => [...(ofView[k]?.descriptor ?? [])]);
        assert.equal(found.count, 2);
        assert.ok(found.data.every((value, i) => Math.abs(value - (expected[i] ?? 2)) < 1e-5));
      }
    } finally {
      await networks.close();
    }
    const town = join(folder, 'town');
    const args = ['evaluate', '--bundle', bundle.dir, '--town', town, '--grid-stride-m', '64', '--json'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(PACKAGE_ROOT, 'bin/skyfix-train.js'), ...args, '--cache', join(folder, 'evaluate-cache')],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const own = result?.retrieval.find(({ model }) => model === 'trained');
    const byGraphs = JSON.parse(stdout) as RetrievalResult;
    for (const name of ['at1', 'at5'] as const) {
      // Rounding may turn a query.
      const apart = Math.abs(byGraphs.paired[name] - (own?.paired[name] ?? -1));
      assert.ok(apart <= 100 / byGraphs.paired.queries + 1e-9, `${name}: ${apart} apart`);
    }
    assert.ok(Math.abs((byGraphs.grid?.medianErrorM ?? -1) - (own?.grid?.medianErrorM ?? 0)) < 32);
  });
  it('is the same again from the cache, which holds every feature once', async () => {
    const cached = async () =>
      (await readdir(config.data.cacheDir)).filter((name) => name.endsWith('.features'));
    const before = await cached();
    const again = join(folder, 'again');
    await runHere(config, again);
    assert.deepEqual(await networksOf(again), await networksOf(dir));
    assert.deepEqual((await cached()).sort(), before.sort());
  });
  it('is exported again from its folder alone', async () => {
    const { files } = await exportRun(dir, join(folder, 'exported'), 'timm');
    const first = (await loadBundle(join(dir, 'bundle'))).manifest.files;
    assert.deepEqual(files['encoder.onnx'], first['encoder.onnx']);
    assert.deepEqual(files['encoder.safetensors'], first['encoder.safetensors']);
  });
  it('goes on from the fit by steps where it is tuned, and from where it was stopped', async () => {
    const tune =
      'steps: 4, batch: 3, learningRate: 0.001, scale: 10, labelSmoothing: 0, turns: 2, narrowShare: 0.5, hold: 0.1';
    const values = [
      `stage3.head={ channels: 6, regularisation: 0.1, turned: 0, changed: 0, tune: { ${tune} } }`,
      'checkpointEvery=1',
      'evaluation.robustness=false',
      'evaluation.sheets=false',
      'evaluation.gridStrideM=0',
    ];
    const tuned = await tinyRun(folder, [...HEAD, ...values]);
    const whole = join(folder, 'tuned');
    await runHere(tuned, whole);
    const headOf = async (of: string) => {
      const path = join(of, 'head.safetensors');
      return headFromArrays(readSafetensors(await readFile(path), path), path);
    };
    const steps = (await readMetrics(join(whole, 'metrics.jsonl'))).filter(isScalars);
    assert.deepEqual(
      steps.map(({ step, values }) => [step, Object.keys(values)]),
      [1, 2, 3, 4].map((step) => [step, ['loss', 'contrast', 'moved']]),
    );
    const [plain, moved] = [await headOf(dir), await headOf(whole)];
    assert.notDeepEqual(moved?.projection?.matrix.data, plain?.projection?.matrix.data);
    const stopped = join(folder, 'stopped');
    let asked = 0;
    await assert.rejects(runHere(tuned, stopped, { shouldStop: () => ++asked === 2 }), RunStopped);
    await runHere(tuned, stopped);
    assert.deepEqual(await headOf(stopped), moved);
    // Held so much that nothing moves, from its weights: the head that they have.
    const further = join(folder, 'tuned-further');
    const weights = `networks.encoder.weights=${join(whole, 'bundle/encoder.safetensors')}`;
    const from = [
      'stage3.head.tune.from=weights',
      'stage3.head.tune.learningRate=1e-9',
      'stage3.head.tune.steps=1',
    ];
    await runHere(await tinyRun(folder, [...HEAD, ...values, weights, ...from]), further);
    const kept = (await headOf(further))?.projection?.matrix.data ?? new Float32Array();
    kept.forEach((value, k) => {
      assert.ok(Math.abs(value - (moved?.projection?.matrix.data[k] ?? 0)) < 1e-5);
    });
  });
  it('is fitted further to other pairs from its weights, by what they count', async () => {
    const weights = join(dir, 'bundle/encoder.safetensors');
    const headOf = async (pairs: number) => {
      const further = join(folder, `further-${pairs}`);
      const values = [
        `networks.encoder.weights=${weights}`,
        `stage3.head={ channels: 6, regularisation: 0.1, turned: 0, changed: 0, priorPairs: ${pairs} }`,
        'evaluation.robustness=false',
        'evaluation.sheets=false',
        'evaluation.gridStrideM=0',
      ];
      await runHere(await tinyRun(folder, [...HEAD, ...values]), further);
      const path = join(further, 'head.safetensors');
      return (
        headFromArrays(readSafetensors(await readFile(path), path), path)?.convolution?.weight.data ?? []
      );
    };
    const path = join(dir, 'head.safetensors');
    const start =
      headFromArrays(readSafetensors(await readFile(path), path), path)?.convolution?.weight.data ?? [];
    const off = (found: ArrayLike<number>) =>
      Math.hypot(...Array.from(start, (value, k) => value - (found[k] ?? 0))) / Math.hypot(...start);
    const [kept, moved] = [off(await headOf(1e9)), off(await headOf(1))];
    assert.ok(kept < 0.05 && moved > 2 * kept, `${kept} ${moved}`);
    const other = await tinyRun(folder, [
      ...HEAD,
      `networks.encoder.weights=${weights}`,
      'stage3.head.channels=5',
    ]);
    await assert.rejects(
      runHere(other, join(folder, 'other')),
      coded('WEIGHTS_INVALID', 'there are 5 channels'),
    );
  });
  it('refuses what no head can be fitted to, by the field', async () => {
    const cases = [
      ['networks.encoder.pooling=mean', '/networks/encoder/pooling is mean'],
      ['networks.encoder.frozen=false', '/networks/encoder/frozen is false'],
      ['queries=views', '/queries is "views"'],
      ['shiftM=4', '/shiftM is 4'],
      ['geometry.searchStepPx=16', 'not multiples of 32'],
      ['stage3.head.turned=8', '/stage3/head/turned'],
      [`stage3.head.tune={ steps: 1, from: weights, ${TUNE} }`, '/networks/encoder/weights is absent'],
    ] as const;
    for (const [change, text] of cases) {
      await assert.rejects(tinyRun(folder, [...HEAD, change]), coded('TRAINING_CONFIG_INVALID', text));
    }
  });
});
