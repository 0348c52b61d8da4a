// The other parts of a run folder: environment, report; and the progress that a person sees.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { SkyfixError } from 'skyfix/errors';
import { findEnvironment, writeEnvironment } from '../../runs/environment.js';
import { readEnvironment } from '../../runs/environment-file.js';
import { openTrainingProgress } from '../../runs/progress.js';
import { openRunLog } from '../../runs/run-log.js';
import { thinned, writeTrainingReport } from '../../runs/training-report.js';

describe('a run folder', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-runs-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('says on what the run was made', async () => {
    const sources = join(folder, 'sources');
    await mkdir(sources);
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', sources, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
        encoding: 'utf8',
      }).trim();
    assert.equal((await findEnvironment(sources)).git, null);
    git('init', '-q');
    await writeFile(join(sources, 'a.txt'), 'a');
    git('add', '-A');
    git('commit', '-qm', 'first');
    const clean = await findEnvironment(sources, {
      TF_NUM_INTRAOP_THREADS: '2',
      HOME: '/x',
      SECRET_TF_: 'x',
      TF_VAR_db_password: 'x',
      TF_TOKEN_app_terraform_io: 'x',
      OMP_API_KEY: 'x',
      MKL_LICENSE: 'x',
    });
    assert.deepEqual(clean.git, { commit: git('rev-parse', 'HEAD'), dirty: false });
    assert.deepEqual(clean.variables, { TF_NUM_INTRAOP_THREADS: '2' });
    await writeFile(join(sources, 'a.txt'), 'b');
    assert.equal((await findEnvironment(sources)).git?.dirty, true);
    // the version of the library that npm run setup:training took
    const setup = readFileSync(new URL('../../../scripts/tensorflow-wheels.mjs', import.meta.url), 'utf8');
    assert.equal(clean.versions.tensorflow, /TENSORFLOW_VERSION = '([^']+)'/.exec(setup)?.[1]);
    assert.equal(clean.versions.node, process.version.slice(1));
    assert.equal(
      clean.cpu.cores,
      Number(execFileSync('getconf', ['_NPROCESSORS_ONLN'], { encoding: 'utf8' })),
    );
    assert.ok(Math.abs(Date.now() - Date.parse(clean.started)) < 60_000);
  });

  it('keeps the earlier starts of a run that was continued', async () => {
    const dir = join(folder, 'continued');
    const first = await writeEnvironment(dir);
    await writeEnvironment(dir);
    const third = await writeEnvironment(dir);
    assert.deepEqual(await readEnvironment(dir), third);
    assert.equal(third.earlierStarts.length, 2);
    const { earlierStarts, ...start } = first;
    assert.deepEqual([earlierStarts, third.earlierStarts[1]], [[], start]);
    writeFileSync(join(dir, 'environment.json'), '{"started"');
    await assert.rejects(
      readEnvironment(dir),
      (error: unknown) => error instanceof SkyfixError && error.code === 'DATASET_INVALID',
    );
  });

  it('gets a report with curves, final values, self-training and samples', async () => {
    const dir = join(folder, 'reported');
    const log = await openRunLog(dir);
    for (let step = 1; step <= 1000; step++)
      log.scalars('encoder', step, { loss: 2000 / step, 'rate|x': 0.5 });
    for (const iteration of [100, 200]) {
      const data = { iteration, threshold: iteration / 400, candidates: 90, selected: 40, correct: null };
      log.event('encoder', iteration, 'self-training', data);
    }
    for (const step of [100, 1000]) {
      await log.images('encoder/views', step, { widthPx: 2, heightPx: 2, data: new Uint8Array(12) });
    }
    await log.close();
    const text = await readFile(await writeTrainingReport(dir), 'utf8');
    // mean of 2000 / step over the last hundred steps, by the integral of 1 / x with the midpoint rule
    const mean = ((2000 / 100) * Math.log(1000.5 / 900.5)).toFixed(3);
    assert.match(
      text,
      new RegExp(`\\| encoder \\| loss \\| 1000 \\| 2000 \\| 2 \\| ${mean.replace('.', '\\.')} \\|`),
    );
    assert.match(text, /\| encoder \| rate\\\|x \| 1000 \| 0\.5 \| 0\.5 \| 0\.5 \|/);
    assert.match(text, /after steps \[100\]\(samples\/encoder\/views-000100\.png\) \[1000\]\(samples/);
    const linked = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path ?? '');
    assert.equal(linked.filter((path) => path.endsWith('.svg')).length, 4);
    for (const path of linked) assert.ok((await readFile(join(dir, path))).length > 0, path);
    const selected = await readFile(join(dir, 'charts/encoder-selected.svg'), 'utf8');
    assert.match(selected, />candidates<[\s\S]*>selected</);
    assert.doesNotMatch(selected, />correct</);
    const again = await readFile(await writeTrainingReport(dir), 'utf8');
    assert.equal(again, text);
  });

  it('gets a report before its first step too', async () => {
    const dir = join(folder, 'empty');
    await mkdir(dir);
    assert.match(await readFile(await writeTrainingReport(dir), 'utf8'), /No step has been logged yet/);
    assert.deepEqual(await readdir(dir), ['report.md']);
  });

  it('draws long curves as means with lowest and highest', () => {
    const points = Array.from({ length: 1000 }, (_, k) => [k + 1, k % 4 === 3 ? Number.NaN : k % 4] as const);
    const { points: means, band = [] } = thinned(points);
    assert.deepEqual([means.length, means.at(-1)], [250, [1000, 1]]);
    assert.deepEqual(band[0], [4, 0, 2]);
  });
});

describe('progress of training', () => {
  const collect = (isTTY: boolean) => {
    let text = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    return {
      stream: Object.assign(stream, { isTTY, columns: 200 }) as unknown as NodeJS.WriteStream,
      text: () => text,
    };
  };

  it('is a line now and then where there is no terminal, with losses, seconds a step and time left', () => {
    const { stream, text } = collect(false);
    let clock = 0;
    const { steps, work } = openTrainingProgress({ stream, now: () => clock, lineEveryMs: 10_000 });
    const report = steps('encoder');
    // a run that was continued at step 40 of 100, 2 seconds a step
    for (let step = 41; step <= 100; step++) {
      report({ step, steps: 100, losses: { loss: 0.5, gan: 1 / 3 } });
      clock += 2000;
    }
    work('tiles')(7, 7);
    const lines = text().trimEnd().split('\n');
    assert.equal(lines[0], 'encoder: 41/100  loss 0.5000  gan 0.3333');
    assert.equal(lines[1], 'encoder: 46/100  loss 0.5000  gan 0.3333  2.0 s/step  2 min left');
    assert.equal(lines.at(-3), 'encoder: 96/100  loss 0.5000  gan 0.3333  2.0 s/step  8 s left');
    assert.equal(lines.at(-2), 'encoder: 100/100  loss 0.5000  gan 0.3333  2.0 s/step');
    assert.equal(lines.at(-1), 'tiles: 7/7');
    assert.equal(lines.length, 2 + 1 + 10 + 1);
  });

  it('is a bar on a terminal', () => {
    const { stream, text } = collect(true);
    const { steps, stop } = openTrainingProgress({ stream, now: () => 0 });
    const report = steps('encoder');
    report({ step: 1, steps: 2, losses: { loss: 0.25 } });
    report({ step: 2, steps: 2, losses: { loss: 0.125 } });
    stop();
    assert.match(text(), /encoder .*100% 2\/2 .*loss 0\.1250/);
    assert.match(text(), /\n$/);
  });
});
