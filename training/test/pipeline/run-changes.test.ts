// What may change of a run that goes on, what may not, and how its networks are got out whatever happens.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadBundle } from 'skyfix/bundles';
import { exportCommand } from '../../cli/export-command.js';
import { readSafetensors } from '../../export/index.js';
import { runToEnd } from '../../pipeline/run-to-end.js';
import { isScalars, readMetrics } from '../../runs/metrics-file.js';
import { readRunResult } from '../../runs/result.js';
import { loadCheckpointStep } from '../../stages/common/checkpoint.js';
import { CSV_HEADER, putImage } from '../support/dataset-fixtures.js';
import { checkpoint, coded, metrics, networksOf, runHere, tinyRun } from '../support/tiny-run.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-run-changes-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const PLAIN = [
  ...['stage1.steps=3', 'stage3.steps=3', 'stage3.validateEvery=0', 'evaluation.sheets=false'],
  ...['labels.fraction=1', 'selfTraining.strategy=none', 'queries=bev', 'evaluation.gridStrideM=0'],
];
const plain = (...values: readonly string[]) => tinyRun(folder, [...PLAIN, ...values]);

/** A CSV of a few pairs, all for training. */
async function csvWithoutTest(name: string): Promise<string> {
  const root = join(folder, name);
  const rows = [0, 1, 2, 3, 4, 5].map((k) => `${k},g${k}.png,s${k}.png,,,0,train`);
  for (const k of [0, 1, 2, 3, 4, 5]) {
    await putImage(join(root, `g${k}.png`), 64, 32, 20 * k);
    await putImage(join(root, `s${k}.png`), 32, 32, 250 - 20 * k);
  }
  await writeFile(join(root, 'pairs.csv'), [`${CSV_HEADER},split`, ...rows].join('\n'));
  return `data.source={ format: csv, root: ${root}, make: null }`;
}

describe('a data set without a test split', () => {
  it('is told before anything is trained, where the configuration names the split', async () => {
    const dir = join(folder, 'no-test');
    const config = await plain(await csvWithoutTest('csv'));
    await assert.rejects(
      runHere(config, dir),
      coded('TRAINING_CONFIG_INVALID', '/evaluation/areas/0 "unseen" is test', '6 in train'),
    );
    assert.ok(!existsSync(join(dir, 'metrics.jsonl')));
    // The same folder takes the corrected configuration.
    const notes: string[] = [];
    const result = await runHere(await plain(await csvWithoutTest('csv'), 'evaluation.areas=null'), dir, {
      tell: (note) => notes.push(note),
    });
    assert.match(notes.join('\n'), /Nothing is held out .*6 in train.*without figures/);
    assert.deepEqual(result?.retrieval, []);
    await loadBundle(join(dir, 'bundle'));
    assert.deepEqual((await readRunResult(dir)).retrieval, []);
    assert.ok(!existsSync(join(dir, 'failure.txt')));
  });

  it('loses what cannot be decoded where the configuration says so', async () => {
    const source = await csvWithoutTest('damaged');
    await writeFile(join(folder, 'damaged/g3.png'), 'no image');
    const values = [source, 'evaluation.areas=null'];
    await assert.rejects(
      runHere(await plain(...values), join(folder, 'damaged-run')),
      coded('DATASET_INVALID', 'unreadable-image 1', 'pairs.csv line 5', 'source.dropInvalid'),
    );
    const dropping = await plain(...values, 'data.source.dropInvalid=true');
    await runHere(dropping, join(folder, 'damaged-run'));
    const { encoderData } = (await loadBundle(join(folder, 'damaged-run/bundle'))).manifest.training as {
      encoderData: string;
    };
    assert.match(encoderData, /, 5 places$/);
  });

  it('is measured on what it has, where the configuration names none', async () => {
    const town = await plain('evaluation={ areas: null, preferredSplits: [validation, test] }');
    const result = await runHere(town, join(folder, 'preferred'));
    assert.deepEqual([...new Set(result?.retrieval.map(({ area }) => area))], ['validation']);
  });

  it('weights, published imagery and areas that are not there are told before stage 1 too', async () => {
    for (const [value, code, told] of [
      ['networks.encoder.weights=/none.safetensors', 'WEIGHTS_INVALID', '/none.safetensors'],
      ['publish={ dataDir: x, region: x, imagery: /none.tif, strideM: 16 }', 'IMAGERY_INVALID', '/none.tif'],
    ] as const) {
      const dir = join(folder, `told-${code}`);
      await assert.rejects(runHere(await plain(value), dir), coded(code, told));
      assert.ok(!existsSync(join(dir, 'metrics.jsonl')), value);
    }
  });
});

describe('a folder in which nothing was trained', () => {
  it('is taken over by the corrected configuration; a refused retry leaves failure.txt alone', async () => {
    const dir = join(folder, 'typo');
    const typo = await plain('data.source={ format: csv, root: /nowhere, make: null }');
    await assert.rejects(runToEnd(typo, dir), coded('DATASET_INVALID', '/nowhere'));
    const failure = await readFile(join(dir, 'failure.txt'), 'utf8');
    assert.match(failure, /nowhere/);
    await runHere(await plain('stage3.steps=2'), dir);
    assert.ok(!existsSync(join(dir, 'failure.txt')));
    // Now something was trained: another configuration is refused, and the folder stays as it is.
    await writeFile(join(dir, 'failure.txt'), 'of before');
    const config = await readFile(join(dir, 'config.yaml'), 'utf8');
    await assert.rejects(
      runToEnd(await plain('stage3.steps=2', 'seed=9'), dir),
      coded('TRAINING_CONFIG_INVALID', 'seed was 5 and is 9'),
    );
    assert.equal(await readFile(join(dir, 'failure.txt'), 'utf8'), 'of before');
    assert.equal(await readFile(join(dir, 'config.yaml'), 'utf8'), config);
  });
});

describe('a finished run', () => {
  const dir = () => join(folder, 'finished');
  let networks: unknown;
  before(async () => {
    await runHere(await plain(), dir());
    networks = await networksOf(dir());
  });

  it('is measured and exported anew where nothing else changes, with the same networks', async () => {
    const notes: string[] = [];
    const log = await metrics(dir());
    const changed = await plain(
      'name=renamed',
      'bundle.version="2"',
      'checkpointEvery=3',
      'evaluation.areas=[{ name: both, splits: [test, validation] }]',
    );
    const result = await runHere(changed, dir(), { tell: (note) => notes.push(note) });
    assert.match(notes.join(), /name was "tiny" and is "renamed".*bundle\.version was "\d" and is "2"/s);
    assert.deepEqual([...new Set(result?.retrieval.map(({ area }) => area))], ['both']);
    const { manifest } = await loadBundle(join(dir(), 'bundle'));
    assert.equal(manifest.version, '2');
    assert.deepEqual(await networksOf(dir()), networks);
    assert.equal(await metrics(dir()), log);
    assert.match(await readFile(join(dir(), 'report.md'), 'utf8'), /\| both \| trained \| [\d.]+ \|/);
    // What nobody sees in the result leaves it alone.
    const before = await readFile(join(dir(), 'result.json'), 'utf8');
    await runHere({ ...changed, checkpointEvery: 2 }, dir());
    assert.equal(await readFile(join(dir(), 'result.json'), 'utf8'), before);
  });

  it('goes on where it gets more steps, also after a kill, and not with fewer', async () => {
    const longer = await plain('stage3.steps=6');
    let asked = 0;
    await assert.rejects(runHere(longer, dir(), { shouldStop: () => ++asked === 1 }), /Stopped after step 4/);
    await runHere(longer, dir());
    const steps = (await readMetrics(join(dir(), 'metrics.jsonl'))).filter(isScalars).map(({ step }) => step);
    assert.deepEqual(steps, [1, 2, 3, 4, 5, 6]);
    assert.equal(await loadCheckpointStep(checkpoint(dir(), 'encoder')), 6);
    assert.notDeepEqual(await networksOf(dir()), networks);
    await assert.rejects(
      runHere(await plain('stage3.steps=5'), dir()),
      coded('TRAINING_CONFIG_INVALID', 'stage3.steps was 6 and is 5'),
    );
    await assert.rejects(
      runHere(await plain('stage3.epochs=9'), dir()),
      coded('TRAINING_CONFIG_INVALID', 'stage3.epochs was null and is 9'),
    );
  });

  it('with a longer stage 1 trains its encoder anew, and keeps the old one aside', async () => {
    const views = join(folder, 'views');
    await runHere(await plain('queries=views'), views);
    const notes: string[] = [];
    await runHere(await plain('queries=views', 'stage1.steps=5'), views, {
      tell: (note) => notes.push(note),
    });
    assert.match(notes.join(), /Stage 3 begins anew/);
    const kept = await readdir(join(views, 'checkpoints/earlier'));
    assert.deepEqual(kept, ['encoder-last.bin']);
    const lines = (await readMetrics(join(views, 'metrics.jsonl'))).filter(isScalars);
    const of = (stage: string) => lines.filter((line) => line.stage === stage).map(({ step }) => step);
    assert.deepEqual(
      [of('generation'), of('encoder')],
      [
        [1, 2, 3, 4, 5],
        [1, 2, 3],
      ],
    );
  });

  it('gives its networks to "export --run", the weights by the names asked for', async () => {
    const out = join(folder, 'exported');
    const command = (...args: string[]) =>
      exportCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => {} })
        .parseAsync(['node', 'export', ...args]);
    await command('--run', dir(), '--out', out, '--safetensors', 'torchvision');
    const { manifest } = await loadBundle(out);
    const own = await networksOf(dir());
    const onnx = (files: object) => Object.entries(files).filter(([name]) => name.endsWith('.onnx'));
    assert.deepEqual(
      onnx(manifest.files).map(([name, { sha256 }]) => [name, sha256]),
      onnx(own as object),
    );
    const names = Object.keys(readSafetensors(await readFile(join(out, 'encoder.safetensors'))));
    assert.ok(names.includes('features.0.0.weight'));
    await assert.rejects(
      command('--run', join(folder, 'nothing'), '--out', out),
      coded('TRAINING_CONFIG_INVALID', 'nothing', 'config.yaml'),
    );
    await assert.rejects(
      command('--run', join(folder, 'told-WEIGHTS_INVALID'), '--out', out),
      coded('DATASET_INVALID', 'encoder-last.bin'),
    );
  });

  it('keeps its bundle where the evaluation fails', async () => {
    const failing = join(folder, 'failing');
    const config = await plain('evaluation.sheets=true');
    const places = (await readFile(join(folder, 'town/places.csv'), 'utf8')).trim().split('\n');
    const path = join(folder, 'town', places.find((line) => line.includes(',test,'))?.split(',')[1] ?? '');
    const image = await readFile(path);
    // Its images are prepared, and it is gone when the sheets are drawn.
    const gone = { shouldStop: () => void rm(path) };
    try {
      await assert.rejects(runHere(config, failing, gone as never));
      await loadBundle(join(failing, 'bundle'));
      assert.ok(!existsSync(join(failing, 'result.json')));
    } finally {
      await writeFile(path, image);
    }
  });
});
