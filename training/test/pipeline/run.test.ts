// skyfix-train run, from a town that is not there yet to a bundle: what it leaves, how it goes on after kills, and how it ends
// when its configuration, its data or its loss are wrong.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { BUNDLE_INPUTS, loadBundle } from 'skyfix/bundles';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { parse } from 'yaml';
import { runToEnd } from '../../pipeline/run-to-end.js';
import { isScalars, readMetrics } from '../../runs/metrics-file.js';
import { type RunResult, readRunResult } from '../../runs/result.js';
import { loadCheckpointStep } from '../../stages/common/checkpoint.js';
import { RunStopped } from '../../stages/common/loop.js';
import { readEventFolder } from '../support/event-reader.js';
import {
  type ChildEnd,
  checkpoint,
  coded,
  lastLine,
  metrics,
  networksOf,
  runCommand,
  runHere,
  tinyConfig,
  tinyRun,
} from '../support/tiny-run.js';

const BIN = join(PACKAGE_ROOT, 'bin/skyfix-train.js');
const STEPS = 24;
const STAGES = ['generation', 'encoder'] as const;

let folder = '';
/** A run that nothing interrupted. */
let whole = '';
let end: ChildEnd;
let result: RunResult;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-run-'));
  whole = join(folder, 'whole');
  end = await runCommand(folder, whole);
  assert.equal(end.code, 0, end.stderr);
  result = await readRunResult(whole);
});
after(() => rm(folder, { recursive: true, force: true }));

describe('a run of the command', () => {
  it('leaves configuration, environment, log, checkpoints, samples, sheets, charts and report', async () => {
    const { preset, ...own } = tinyConfig(folder);
    const config = parse(await readFile(join(whole, 'config.yaml'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(config, await tinyRun(folder));
    assert.equal(config.seed, own.seed);
    const files = (await readdir(whole, { recursive: true })).sort();
    for (const name of [
      'environment.json',
      'metrics.jsonl',
      'report.md',
      'result.json',
      ...STAGES.flatMap((stage) => [`checkpoints/${stage}-best.bin`, `checkpoints/${stage}-last.bin`]),
      'samples/generation/views-000002.png',
      'samples/generation/views-000024.png',
      'sheets/triples.png',
      'sheets/top5.png',
      'charts/generation-contrast.svg',
      'charts/encoder-threshold.svg',
      'bundle/bundle.json',
    ]) {
      assert.ok(files.includes(name), `${name} is not among ${files.join(', ')}`);
    }
    assert.deepEqual(
      files.filter((name) => name.endsWith('.tmp')),
      [],
    );
    const report = await readFile(join(whole, 'report.md'), 'utf8');
    assert.match(report, /samples\/generation\/views-000024\.png/);
    for (const stage of STAGES) assert.equal(await loadCheckpointStep(checkpoint(whole, stage)), STEPS);
  });

  it('logs every step of both stages, in metrics.jsonl and for TensorBoard', async () => {
    const lines = (await readMetrics(join(whole, 'metrics.jsonl'))).filter(isScalars);
    const steps = Array.from({ length: STEPS }, (_, k) => k + 1);
    for (const stage of STAGES) {
      const own = lines.filter((line) => line.stage === stage);
      assert.deepEqual(
        own.map(({ step }) => step),
        steps,
      );
      assert.ok(own.every(({ values }) => Object.values(values).every(Number.isFinite)));
      const events = readEventFolder(join(whole, 'tensorboard', stage));
      const losses = events.filter(({ values }) => values.some(({ tag }) => tag === 'loss'));
      assert.deepEqual(
        losses.map(({ step }) => step),
        steps,
      );
    }
    const names = Object.keys(lines[0]?.values ?? {});
    assert.deepEqual(names, ['loss', 'gan', 'cycle', 'contrast', 'paired', 'identity', 'dSat', 'dBev']);
  });

  it('logs threshold, selected count and precision at every update, and reports them', async () => {
    const lines = await readMetrics(join(whole, 'metrics.jsonl'));
    const updates = lines.flatMap((line) =>
      line.kind === 'self-training' && 'data' in line ? [line.data] : [],
    );
    assert.deepEqual(
      updates.map(({ iteration }) => iteration),
      [6, 12, 18],
    );
    for (const { threshold, lambda, candidates, selected, known, correct, precision } of updates) {
      assert.ok(Number(threshold) > 0 && Number(threshold) <= 0.95 && Number(lambda) <= 0.5);
      assert.equal(candidates, 6, 'half of the 12 places of the training split');
      assert.equal(known, selected, 'the truth of a town is known');
      if (selected === 0) assert.equal(precision, null);
      else assert.equal(precision, Number(correct) / Number(known));
    }
    assert.ok(updates.some(({ selected }) => Number(selected) > 0));
    assert.deepEqual(result.selfTraining, updates);
  });

  it('makes a bundle that can be served, with the figures of the result', async () => {
    const { manifest } = await loadBundle(join(whole, 'bundle'));
    assert.equal(manifest.name, 'tiny');
    assert.deepEqual(manifest.geometry, tinyConfig(folder).geometry);
    const { retrieval } = manifest.metrics as unknown as Pick<RunResult, 'retrieval'>;
    assert.deepEqual(
      retrieval.map(({ paired }) => paired),
      result.retrieval.map(({ paired }) => paired),
    );
    assert.deepEqual(
      result.retrieval.map(({ area, model, paired }) => [area, model, paired.queries, paired.gallery]),
      [
        ['unseen', 'untrained', 9, 9],
        ['unseen', 'trained', 9, 9],
      ],
    );
    assert.deepEqual(Object.keys(result.generation ?? {}), ['view', 'bev', 'meanTile']);
    const { stage1 = 0, stage3 = 0 } = result.cost?.trainSeconds ?? {};
    assert.ok(stage1 > 0 && stage3 > 0);
    assert.match(end.stdout, /\| unseen \| trained \| [\d.]+ \|/);
    assert.ok(end.stdout.trimEnd().endsWith(join(whole, 'bundle')));
  });
});

describe('a run that is killed and continued', () => {
  it('in the middle of each stage, by SIGKILL and by SIGINT, ends with the same log and the same weights', async () => {
    const dir = join(folder, 'killed');
    for (const { signal, stage, step } of [
      { signal: 'SIGKILL', stage: 'generation', step: 7 },
      { signal: 'SIGINT', stage: 'generation', step: 13 },
      { signal: 'SIGKILL', stage: 'encoder', step: 8 },
    ] as const) {
      const stopped = await runCommand(folder, dir, { signal, stage, step });
      const line = await lastLine(dir);
      const where = `${signal} in ${stage}: ${line?.stage} ${line?.step}\n${stopped.stderr}`;
      assert.ok(line?.stage === stage && line.step >= step && line.step < STEPS, where);
      const saved = await loadCheckpointStep(checkpoint(dir, stage));
      if (signal === 'SIGKILL') {
        assert.deepEqual([stopped.code, stopped.signal], [null, 'SIGKILL'], where);
        assert.ok(saved > 0 && saved <= line.step, where);
      } else {
        assert.deepEqual([stopped.code, stopped.signal, saved], [130, null, line.step], where);
        assert.match(stopped.stderr, new RegExp(`Stopped after step ${line.step};`));
      }
    }
    // As a kill in the middle of a checkpoint leaves it.
    await writeFile(join(dir, 'checkpoints/encoder-last.bin.1.00000000.tmp'), 'half');
    const last = await runCommand(folder, dir);
    assert.equal(last.code, 0, last.stderr);
    assert.equal(await metrics(dir), await metrics(whole));
    assert.deepEqual(await networksOf(dir), await networksOf(whole));
    const again = await readRunResult(dir);
    assert.deepEqual(again.retrieval, result.retrieval);
    assert.deepEqual(again.generation, result.generation);
    const files = async (of: string) =>
      (await readdir(of, { recursive: true })).filter((name) => !name.startsWith('tensorboard')).sort();
    assert.deepEqual(await files(dir), await files(whole));
    for (const stage of STAGES) {
      const steps = readEventFolder(join(dir, 'tensorboard', stage)).filter(({ values }) =>
        values.some(({ tag }) => tag === 'loss'),
      );
      assert.equal(steps.length, STEPS, 'each step once');
    }
  });

  it('takes no step once it is done', async () => {
    const log = await metrics(whole);
    const again = await runHere(await tinyRun(folder), whole);
    assert.deepEqual(again, await readRunResult(whole));
    assert.equal(await metrics(whole), log);
  });
});

describe('a run that cannot go on', () => {
  it('is refused in the folder of another configuration, with the fields that differ', async () => {
    const log = await metrics(whole);
    const config = await tinyRun(folder, ['stage3.learningRate=0.25']);
    await assert.rejects(
      runHere(config, whole),
      coded(
        'TRAINING_CONFIG_INVALID',
        join(whole, 'config.yaml'),
        'stage3.learningRate was 0.001 and is 0.25',
      ),
    );
    assert.equal(await metrics(whole), log);
  });

  it('is refused where its data have changed since', async () => {
    const dir = join(folder, 'changed');
    const config = await tinyRun(folder, ['stage1.steps=2']);
    await runHere(config, dir, { until: 'generation' });
    const places = (await readFile(join(folder, 'town/places.csv'), 'utf8')).trim().split('\n');
    const paths = places
      .filter((line) => line.split(',')[2] === 'train')
      .map((line) => line.split(',')[1] ?? '');
    const [first = '', second = ''] = paths.map((path) => join(folder, 'town', path));
    await copyFile(first, join(folder, 'first.jpg'));
    await copyFile(second, first);
    try {
      await assert.rejects(
        runHere(config, dir, { until: 'generation' }),
        coded('DATASET_INVALID', checkpoint(dir, 'generation'), 'other data'),
      );
    } finally {
      await copyFile(join(folder, 'first.jpg'), first);
    }
  });

  it('that explodes in stage 1 names step and batch and leaves the checkpoint before', async () => {
    const dir = join(folder, 'exploded');
    const values = ['stage1.pairedWarmupSteps=4', 'stage1.learningRate=1000000', 'checkpointEvery=2'];
    await assert.rejects(
      runToEnd(await tinyRun(folder, values), dir),
      coded('TRAINING_DIVERGED', 'generation stage', 'in step 6', 'batch: {"ground":[', '"pairs":['),
    );
    assert.match(await readFile(join(dir, 'failure.txt'), 'utf8'), /generation stage diverged in step 6/);
    assert.equal(await loadCheckpointStep(checkpoint(dir, 'generation')), 4);
    assert.equal((await lastLine(dir))?.step, 5);
  });

  it('that explodes in stage 3 does so too', async () => {
    const dir = join(folder, 'no-numbers');
    const config = await tinyRun(folder, [
      'queries=bev',
      'stage3.learningRate=1e38',
      'stage3.warmupSteps=20',
      'checkpointEvery=1',
    ]);
    let message = '';
    await assert.rejects(runHere(config, dir), (error: Error) => {
      message = error.message;
      return coded('TRAINING_DIVERGED')(error);
    });
    const saved = await loadCheckpointStep(checkpoint(dir, 'encoder'));
    assert.match(message, new RegExp(`step ${saved + 1}[: ]`));
  });
});

describe('a run that should validate on what is not there', () => {
  it('is refused before it trains', async () => {
    const root = join(folder, 'town-without-validation');
    await cp(join(folder, 'town'), root, { recursive: true });
    const places = await readFile(join(root, 'places.csv'), 'utf8');
    await writeFile(join(root, 'places.csv'), places.replaceAll(',validation', ',train'));
    const config = await tinyRun(folder, [`data.source.root=${root}`]);
    await assert.rejects(
      runHere(config, join(folder, 'without-validation')),
      coded('TRAINING_CONFIG_INVALID', '/stage3/validateEvery is 6', root, 'train, test'),
    );
  });
});

/** What `skyfix-train evaluate` measures of a run's bundle on the unseen part of the town. */
async function evaluated(dir: string): Promise<RunResult['retrieval'][number]> {
  const bundle = ['--bundle', join(dir, 'bundle'), '--cache', join(folder, 'cache')];
  const command = [BIN, 'evaluate', ...bundle, '--town', join(folder, 'town'), '--grid-stride-m', '0'];
  const { stdout } = await promisify(execFile)(process.execPath, [...command, '--json']);
  return JSON.parse(stdout);
}

describe('other forms of a run', () => {
  const short = ['stage1.steps=3', 'stage3.steps=3', 'stage3.validateEvery=0', 'evaluation.sheets=false'];
  const plain = [...short, 'labels.fraction=1', 'selfTraining.strategy=none'];
  const flat = ['geometry.searchMarginPx=null', 'geometry.searchStepPx=null'];
  const untrained = new Map<string, unknown>();

  for (const [name, values, generation] of [
    ['BEVs without a generator', [...plain, 'queries=bev'], ['bev', 'meanTile']],
    ['raw panoramas', [...plain, ...flat, 'queries=panorama'], ['bev', 'panorama', 'meanTile']],
    [
      'views of raw panoramas, with the contrast against the input',
      [
        ...plain,
        ...flat,
        'stage1.input=panorama',
        'networks.generator.learnResidual=null',
        'stage1.contrast.positive=input',
      ],
      ['view', 'bev', 'panorama', 'meanTile'],
    ],
    [
      "more data for the encoder alone, the paper's labels in stage 1",
      [...short, 'data.encoderOnly=[MORE]', 'stage1.pairs=all'],
      ['view', 'bev', 'meanTile'],
    ],
    ['more data for G too', [...short, 'data.further=[MORE]'], ['view', 'bev', 'meanTile']],
  ] as const) {
    it(name, async () => {
      const more = `{ format: town, root: ${join(folder, 'town')} }`;
      const own = values.map((value) => value.replace('MORE', more));
      const dir = join(folder, name.replaceAll(/\W+/g, '-'));
      const made = await runHere(await tinyRun(folder, own), dir);
      assert.deepEqual(Object.keys(made?.generation ?? {}), generation);
      untrained.set(name, made?.retrieval[0]);
      const { manifest } = await loadBundle(join(dir, 'bundle'), { inputs: BUNDLE_INPUTS });
      assert.equal('generator.onnx' in manifest.files, generation.includes('view' as never));
      const panoramas = generation.includes('panorama' as never);
      assert.equal(manifest.input, panoramas ? 'panorama' : undefined);
      if (panoramas) {
        await assert.rejects(loadBundle(join(dir, 'bundle')), { code: 'BUNDLE_INPUT_UNSUPPORTED' });
        const trained = made?.retrieval.find(({ model }) => model === 'trained');
        assert.deepEqual((await evaluated(dir)).paired, trained?.paired);
      }
      assert.deepEqual((await readRunResult(dir)).retrieval, JSON.parse(JSON.stringify(made?.retrieval)));
    });
  }

  it('published: a region that the locate command finds a panorama of the test area in', async () => {
    const town = join(folder, 'town');
    const dataDir = join(folder, 'data');
    const to =
      `publish={ dataDir: ${dataDir}, region: town, imagery: ${town}/mosaic-test.tif, area: ` +
      `${town}/area-test.geojson, strideM: 32 }`;
    const dir = join(folder, 'published');
    await runHere(await tinyRun(folder, [...plain, 'queries=bev', to]), dir);
    const places = (await readFile(join(town, 'places.csv'), 'utf8')).trim().split('\n');
    const file = join(town, places.find((line) => line.split(',')[2] === 'test')?.split(',')[1] ?? '');
    const args = [join(PACKAGE_ROOT, 'bin/skyfix.js'), 'locate', file, '--top', '3', '--json'];
    const env = { ...process.env, SKYFIX_DATA: dataDir };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
    const answer = JSON.parse(stdout) as { region: string; bundle: unknown; results: readonly unknown[] };
    assert.equal(answer.region, 'town', stdout);
    assert.equal(answer.results.length, 3);
  });

  it('compares views of raw panoramas with an untrained network that sees raw panoramas', () => {
    const own = untrained.get('views of raw panoramas, with the contrast against the input');
    assert.deepEqual(own, untrained.get('raw panoramas'));
    assert.equal((own as RunResult['retrieval'][number]).model, 'untrained');
  });

  it('ends after a stage where it is told to, and goes on from there', async () => {
    const dir = join(folder, 'until');
    const config = await tinyRun(folder, plain);
    for (const until of ['generation', 'views', 'encoder'] as const) {
      assert.equal(await runHere(config, dir, { until }), undefined);
      assert.equal((await lastLine(dir))?.stage, until === 'encoder' ? 'encoder' : 'generation');
    }
    let asked = 0;
    const stopped = runHere(config, join(folder, 'stopped'), { shouldStop: () => ++asked === 2 });
    await assert.rejects(stopped, RunStopped);
  });
});
