// The ablation matrix: every run of it is a valid configuration, groups differ only by what their name says, and the plan
// tells what is to be done without doing it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MATRIX } from '../../ablation/matrix.js';
import { loadRunConfig } from '../../config/index.js';
import { stepsOf } from '../../pipeline/run-context.js';
import { readStageSeconds } from '../../runs/stage-seconds.js';
import { writePhotoStreet } from '../support/dataset-fixtures.js';
import { openHere } from '../support/tiny-run.js';

test('every group is a valid run; equal stage 1 means equal settings of stage 1 and labels', async () => {
  const stage1 = new Map<string, string>();
  for (const { group, set, generator } of MATRIX) {
    const config = await loadRunConfig('ablation', [`group=${group}`, ...set]);
    assert.equal(config.queries === 'views', generator !== undefined, group);
    if (generator === undefined) continue;
    const settings = JSON.stringify([config.stage1, config.labels, config.networks]);
    assert.equal(stage1.get(generator) ?? settings, settings, group);
    stage1.set(generator, settings);
  }
  const names = MATRIX.map(({ group }) => group);
  assert.equal(new Set(names).size, names.length);
  assert.equal(new Set(stage1.values()).size, stage1.size, 'each stage 1 is another one');
});

test('epochs count all rows of the data, labelled or not, in both stages', async () => {
  const root = await mkdtemp(join(tmpdir(), 'skyfix-epochs-'));
  try {
    await writePhotoStreet(root, 9, 50);
    const config = await loadRunConfig('small', [
      `data.source={ format: csv, root: ${root} }`,
      `data.cacheDir=${join(root, 'cache')}`,
      'geometry={ inputSizePx: 32, bevSizePx: 32 }',
      'labels.fraction=0.2',
      'stage1={ epochs: 5, batch: 1 }',
      'stage3={ epochs: 3, batch: 2 }',
    ]);
    const { own, encoder } = await openHere(config);
    assert.equal(encoder.labels.labelled.length, 2);
    assert.equal(stepsOf(config.stage1, own), 5 * 9);
    assert.equal(stepsOf(config.stage3, encoder), 3 * 4); // 4 full batches of the 9; the labelled ones fill 1
    assert.equal(stepsOf({ ...config.stage3, steps: 7 }, encoder), 7);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('the plan names runs that are done and how long the others should take, and runs nothing', async () => {
  const out = await mkdtemp(join(tmpdir(), 'skyfix-ablate-'));
  try {
    await mkdir(join(out, 'runs', 'bev-seed1'), { recursive: true });
    await writeFile(join(out, 'runs', 'bev-seed1', 'result.json'), '{}');
    const cli = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));
    const plan = spawnSync(
      process.execPath,
      [cli, 'ablate', '--out', out, '--plan', '--only', 'bev', '--seeds', '1'],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(plan.status, 0, plan.stderr);
    assert.match(plan.stdout, /^done {3}bev-seed1$/m);
    assert.match(plan.stdout, /^to do {2}bev-10-dynamic-seed1$/m);
    assert.match(plan.stderr, /runs, 1 of them done; about \d+ minutes/);
    assert.doesNotMatch(plan.stdout, /raw-panorama/);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});

test('a matrix stops at Ctrl-C and goes on; runs of one stage 1 train it once, and the report is written of all', async () => {
  const out = await mkdtemp(join(tmpdir(), 'skyfix-ablate-'));
  try {
    const cli = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));
    const town = '{ format: town, root: TOWN, make: { seed: 3, places: 24, panoramaWidthPx: 256 } }';
    const tiny = [
      `data.source=${town.replace('TOWN', join(out, 'town'))}`,
      `data.cacheDir=${join(out, 'cache')}`,
      'geometry={ tileSizeM: 64, inputSizePx: 32, bevSizePx: 64 }',
      'networks={ generator: { baseFilters: 4, blocks: 1 }, discriminator: { filters: 4 }, encoder: { size: femto } }',
      'stage1.steps=2',
      'stage3={ steps: 4, batch: 4 }',
      'selfTraining.every=1',
    ];
    const args = ['--out', out, '--report', join(out, 'report'), '--only', 'views-50', '--seeds', '1'];
    const sets = tiny.flatMap((value) => ['--set', value]);
    const command = [cli, 'ablate', ...args, ...sets];
    const runs = join(out, 'runs');
    const stopped = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    stopped.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const closed = once(stopped, 'close');
    while (!existsSync(join(runs, 'views-50-supervised-seed1')) && stopped.exitCode === null)
      await setTimeout(20);
    stopped.kill('SIGINT');
    assert.deepEqual(await closed, [130, null], said);
    assert.match(said, /Stopped; the same command continues/);
    assert.ok(!existsSync(join(runs, 'views-50-dynamic-seed1')), 'no run is begun after it');
    const done = spawnSync(process.execPath, command, { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    const trained = [];
    for (const strategy of ['supervised', 'fixed', 'dynamic']) {
      const dir = join(out, 'runs', `views-50-${strategy}-seed1`);
      const { group } = JSON.parse(await readFile(join(dir, 'result.json'), 'utf8')) as { group: string };
      assert.equal(group, `views-50-${strategy}`);
      const lines = (await readFile(join(dir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      const stages = lines.map((line) => (JSON.parse(line) as { stage: string }).stage);
      assert.ok(stages.includes('encoder'));
      if (stages.includes('generation')) trained.push(strategy);
    }
    assert.deepEqual(trained, ['supervised']);
    const seconds = await Promise.all(
      ['supervised', 'dynamic'].map((strategy) => readStageSeconds(join(runs, `views-50-${strategy}-seed1`))),
    );
    assert.ok(
      (seconds[1]?.stage1?.total ?? 0) > (seconds[0]?.stage1?.total ?? 0) / 2,
      'a shared stage 1 counts',
    );
    const other = spawnSync(process.execPath, [...command, '--set', 'stage1.steps=3', '--plan'], {
      encoding: 'utf8',
    });
    assert.equal(other.status, 1, other.stdout);
    assert.match(
      other.stderr,
      /views-50-supervised-seed1.*config\.yaml is of another run: stage1\.steps was 2 and is 3/,
    );
    assert.match(await readFile(join(out, 'report', 'report.md'), 'utf8'), /dynamic threshold/);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
