// The report against numbers that can be worked out by hand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { claimsOf } from '../../report/claims.js';
import { collectRuns } from '../../report/collect.js';
import { readScalars, smoothed } from '../../report/metrics.js';
import { compareSamples, compareToLimit, spreadOf } from '../../report/statistics.js';
import type { RunResult } from '../../runs/result.js';
import { configOf, type FixtureRun, matrix, resultOf, writeRun } from '../support/report-fixtures.js';

const BIN = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));
const samples = (...values: number[]) => values.map((value, k) => ({ seed: k + 1, value }));

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'skyfix-report-'));
});
after(async () => {
  await rm(root, { recursive: true });
});

describe('means and verdicts', () => {
  it('the deviation is the sample deviation', () => {
    // The eight numbers of the textbook example: mean 5, sum of squares 32, so 32 / 7.
    const spread = spreadOf(samples(2, 4, 4, 4, 5, 5, 7, 9));
    assert.equal(spread.mean, 5);
    assert.ok(Math.abs((spread.deviation ?? 0) - Math.sqrt(32 / 7)) < 1e-12);
    assert.equal(spreadOf(samples(3)).deviation, undefined);
  });
  it('a difference counts when it is larger than the pooled deviation', () => {
    // Deviations 1 and 3 with three seeds each: pooled sqrt((2 * 1 + 2 * 9) / 4) = sqrt 5 = 2.236.
    const [a, b] = [samples(9, 10, 11), samples(5, 8, 11)];
    const within = compareSamples(a, b);
    assert.ok(Math.abs((within.pooled ?? 0) - Math.sqrt(5)) < 1e-12);
    assert.equal(within.verdict, 'holds within the error bars only');
    assert.equal(compareSamples(samples(10, 11, 12), b).verdict, 'holds outside the error bars');
    assert.equal(compareSamples(b, a).verdict, 'does not hold');
    assert.equal(compareSamples(a, a).verdict, 'does not hold');
    assert.equal(compareSamples(b, a, true).difference, 2);
    assert.deepEqual([within.seedsFor, within.seeds], [2, 3]);
    assert.equal(compareSamples(samples(4), samples(3)).verdict, 'no error bars: fewer than two seeds');
    assert.equal(compareSamples(samples(3), samples(4)).verdict, 'does not hold');
  });
  it('a limit is judged with the own deviation', () => {
    assert.equal(compareToLimit(samples(84, 86, 88), 80).verdict, 'holds outside the error bars');
    assert.equal(compareToLimit(samples(79, 81, 83), 80).verdict, 'holds within the error bars only');
    assert.equal(compareToLimit(samples(78, 79, 80), 80).verdict, 'does not hold');
    assert.equal(compareToLimit(samples(80, 80), 80).verdict, 'holds within the error bars only');
  });
  it('verdicts keep when all figures move and grow together', () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    const three = fc.array(value, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(three, three, value, (a, b, shift) => {
        const moved = (values: readonly number[]) => samples(...values.map((v) => 4 * (v + shift)));
        const [x, y] = [compareSamples(samples(...a), samples(...b)), compareSamples(moved(a), moved(b))];
        if (Math.abs(Math.abs(x.difference) - (x.pooled ?? 0)) < 1e-6 || Math.abs(x.difference) < 1e-6)
          return;
        assert.equal(x.verdict, y.verdict);
      }),
    );
  });
});

describe('collecting runs', () => {
  const base: FixtureRun = { group: 'bev', seed: 1, config: configOf('bev'), at1: 50 };
  const collect = async (...results: object[]) => {
    const folder = await mkdtemp(join(root, 'collect-'));
    const folders = await Promise.all(
      results.map(async (result, k) => {
        const own = await writeRun(join(folder, String(k)), base);
        await writeFile(join(own, 'result.json'), JSON.stringify(result));
        return own;
      }),
    );
    return (await collectRuns(folders)).groups;
  };
  const invalid = (what: RegExp) => (error: unknown) => {
    assert.equal((error as { code?: string }).code, 'DATASET_INVALID');
    assert.match((error as Error).message, what);
    return true;
  };
  it('puts the seeds of a group together, in order', async () => {
    const runs = [3, 1, 2].map((seed) => resultOf({ ...base, seed }));
    const [group, ...others] = await collect(...runs, resultOf({ ...base, group: 'other' }));
    assert.equal(others.length, 1);
    assert.deepEqual(
      group?.runs.map(({ result }) => result.seed),
      [1, 2, 3],
    );
  });
  it('names file and field of what is wrong', async () => {
    await assert.rejects(
      collectRuns([join(root, 'nowhere')]),
      invalid(/no finished run among these: .*nowhere: it does not exist/),
    );
    const bad = { ...resultOf(base), seed: 'one', config: { ...base.config, queries: 'tiles' } };
    await assert.rejects(
      collect(bad),
      invalid(
        /result\.json: .*\/seed must be integer, but is "one"; \/config\/queries must be .*"views".*"tiles"/,
      ),
    );
    const { group, ...rest } = resultOf(base);
    assert.equal(group, 'bev');
    await assert.rejects(collect(rest), invalid(/must have required property 'group'/));
    const folder = await writeRun(join(root, 'broken'), base);
    await writeFile(join(folder, 'result.json'), '{"schema":');
    await assert.rejects(collectRuns([folder]), invalid(/result\.json: it is not JSON/));
  });
  it('refuses shares where percent are meant, and counts that cannot be', async () => {
    const good = resultOf(base);
    const retrieval = good.retrieval.map((one) => ({
      ...one,
      hitCurve: one.hitCurve.map((value) => value / 100),
    }));
    await assert.rejects(
      collect({ ...good, retrieval }),
      invalid(/the hit curve begins with 0\.5 %, R@1 is 50 %/),
    );
    const selfTraining = [{ iteration: 50, candidates: 10, selected: 11, correct: null, precision: null }];
    await assert.rejects(collect({ ...good, selfTraining }), invalid(/iteration 50 counts more pairs/));
  });
  it('parts runs of one group that do not differ by their seed alone: by name, then by folder', async () => {
    const panorama = resultOf({ ...base, seed: 2, config: configOf('panorama') });
    const named = (result: RunResult, name: string) => ({ ...result, run: `${name}-seed${result.seed}` });
    // Two runs over one preset, of one seed: what "report var/runs/*" is given.
    const two = await collect(named(resultOf(base), 'mine'), named(resultOf(base), 'yours'));
    assert.deepEqual(
      two.map(({ name, runs }) => [name, runs.length]),
      [
        ['mine', 1],
        ['yours', 1],
      ],
    );
    const methods = await collect(named(resultOf(base), 'a'), named(panorama, 'b'));
    assert.deepEqual(methods.map(({ name }) => name).sort(), ['a', 'b']);
    // The same run in two folders.
    const twice = await collect(named(resultOf(base), 'a'), named(resultOf(base), 'a'));
    assert.equal(new Set(twice.map(({ name }) => name)).size, 2);
    for (const { name, runs } of twice) assert.equal(name, `a (${runs[0]?.folder})`);
    // Seeds of each name stay together.
    const seeds = [1, 2].flatMap((seed) =>
      ['x', 'y'].map((name) => named(resultOf({ ...base, seed }), name)),
    );
    assert.deepEqual(
      (await collect(...seeds)).map(({ runs }) => runs.length),
      [2, 2],
    );
  });
  it('names and leaves out what has not ended, was measured on nothing, or is no run', async () => {
    const folder = await mkdtemp(join(root, 'left-out-'));
    const whole = await writeRun(join(folder, 'whole'), base);
    const empty = await writeRun(join(folder, 'empty'), { ...base, extra: { retrieval: [] } });
    await mkdir(join(folder, 'unfinished'));
    await writeFile(join(folder, 'unfinished/config.yaml'), 'name: x');
    await writeFile(join(folder, 'notes.txt'), 'x');
    const others = ['unfinished', 'notes.txt'].map((name) => join(folder, name));
    const { groups, leftOut } = await collectRuns([whole, `${whole}/`, empty, ...others]);
    assert.deepEqual(
      groups.map(({ runs }) => runs.map((run) => run.folder)),
      [[whole]],
    );
    assert.deepEqual(
      leftOut.map(({ folder: at, why }) => [at, why]),
      [
        [empty, 'it was measured on nothing'],
        [others[0], 'the run has not ended'],
        [others[1], 'it is no folder of a run'],
      ],
    );
    const out = join(folder, 'report');
    const told = spawnSync(
      process.execPath,
      [BIN, 'report', whole, join(folder, 'unfinished'), '--out', out],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stdout, /left out: .*unfinished \(the run has not ended\)/);
    assert.match(
      await readFile(join(out, 'report.md'), 'utf8'),
      /Left out: unfinished \(the run has not ended\)\./,
    );
  });
});

describe('metrics', () => {
  it('are read up to a last line that was cut off, by stage', async () => {
    const folder = await writeRun(join(root, 'metrics'), {
      group: 'x',
      seed: 1,
      config: configOf('bev'),
      at1: 1,
      metrics: [
        '{"stage":"stage1","step":1,"kind":"scalars","values":{"gan":2}}',
        '{"stage":"stage1","step":2,"kind":"update","data":{}}',
        '{"stage":"stage3","step":1,"kind":"scalars","values":{"loss":3}}',
        '{"stage":"stage1","step":3,"kin',
      ],
    });
    assert.deepEqual(await readScalars(folder, ['stage1']), [
      { stage: 'stage1', step: 1, values: { gan: 2 } },
    ]);
    await writeFile(
      join(folder, 'metrics.jsonl'),
      'nothing\n{"stage":"a","step":1,"kind":"scalars","values":{}}\n',
    );
    await assert.rejects(readScalars(folder, ['a']), /metrics\.jsonl line 1 is not/);
    assert.deepEqual(await readScalars(join(root, 'nowhere'), ['a']), []);
  });
  it('are smoothed without losing their mean', () => {
    const line = Array.from({ length: 120 }, (_, k): [number, number] => [k, 3 * k + 1]);
    const out = smoothed(line, 40);
    assert.equal(out.length, 40);
    assert.deepEqual(out[0], [1, 4]);
    assert.ok(out.every(([x, y]) => y === 3 * x + 1));
  });
});

describe('skyfix-train report', () => {
  let text = '';
  let out = '';
  let stdout = '';
  before(async () => {
    const runs = await Promise.all(matrix().map((run) => writeRun(join(root, 'matrix'), run)));
    out = join(root, 'report');
    const done = spawnSync(process.execPath, [BIN, 'report', ...runs, '--out', out], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    stdout = done.stdout;
    text = await readFile(join(out, 'report.md'), 'utf8');
  });
  const line = (start: string) => {
    const found = text.split('\n').filter((one) => one.startsWith(`| ${start}`));
    assert.equal(found.length, 1, `"${start}" begins ${found.length} lines`);
    return (found[0] ?? '')
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1);
  };
  it('says what it read', () => {
    assert.match(stdout, /report\.md: 27 runs in 9 groups \(procedural town\)/);
    assert.match(stdout, /\d+ holds outside the error bars/);
  });
  it('table 1 has every method, the mean tile, and gains beside the paper', () => {
    assert.deepEqual(line('mean tile').slice(1, 5), ['17.20 ± 0.00', '0.250 ± 0.000', '36.0 ± 0.0', '3']);
    // 17.5 dB over 12 dB is 45.8 % more; 35 instead of 66 is 47.0 % less.
    const gains = line('CycleGAN (from panorama), 100 % labels').slice(5);
    assert.deepEqual(gains, ['45.8', '41.5 / 42.3', '140.0', '16.3 / 18.5', '47.0', '22.3 / 25.4']);
    assert.deepEqual(line('BEV | 14.00').slice(5, 7), ['25.0', '19.7 / 16.0']);
  });
  it('table 2 has mean ± deviation, untrained and chance, and the paper in its own column', () => {
    const full = line('**BEV-CycleGAN + contrast, 100 % labels, supervised only**');
    assert.deepEqual(full.slice(1, 3), ['76.0 ± 1.0', '86.0 ± 1.0']);
    assert.deepEqual(full.slice(5), [
      ...['77.0 ± 1.0', '7.0 ± 0.0'], // of first tiles
      ...['38.0 ± 0.5', '12.0 ± 0.0'], // in the grid
      ...['3', '98.94 / 72.42'],
    ]);
    const untrained = text.match(/^\| untrained network \| 1\.5 ± 0\.0.*/gm) ?? [];
    assert.equal(untrained.length, 5);
    assert.match(untrained[0] ?? '', /\| – \| – \| 0\.8 ± 0\.0 \| 12\.0 ± 0\.0 \| 3 \| – \|$/);
    assert.equal(text.match(/^\| chance \| 0\.3 \| 1\.3 \| 2\.6 \| 0\.8/gm)?.length, 5);
  });
  it('table 3 counts the paper profile', () => {
    assert.deepEqual(line('the paper profile').slice(1, 5), ['11.38', '49.55', '87.57', '20.05']);
    assert.deepEqual(line('BEV-CycleGAN + contrast, supervised only').slice(1), [
      '0.50',
      '2.00',
      '2.00',
      '1.00',
      '21.0 ± 0.0',
      '600 ± 0',
      '780 ± 0',
    ]);
  });
  it('tells what contrast costs in time', () => {
    // 600 s against 480 s.
    assert.match(text, /stage 1 takes 25\.0 % longer here; .* 28\.1 \/ 28\.6 %/);
  });
  it('tables 4 and 5 name what is missing and mark the runs whose G saw all pairs', () => {
    assert.deepEqual(line('BEV | 10 %').slice(2), ['41.0 ± 1.0', '42.5 ± 1.0', '46.0 ± 1.0', '–', '–']);
    assert.deepEqual(line('BEV | 100 %').slice(2), ['71.0 ± 1.0', '–', '–', '86.32', '–']);
    assert.match(text, /G saw all pairs: the paper's setting/);
    assert.deepEqual(line('DT + Matching: BEV').slice(1), ['46.0 ± 1.0', '–']);
    assert.deepEqual(line('BEV-CycleGAN + DT + Matching').slice(1), ['53.0 ± 1.0 (G saw all pairs)', '48.5']);
    assert.match(text, /Missing in these runs: top1 − top2 margin, at all; UCVGL, at all/);
    assert.match(text, /both better than DT \+ Matching \(BEV\) \(G saw all pairs\)/);
    assert.match(text, /Missing in these runs:.*DT \+ Matching: raw panorama, 10 % labels/);
  });
  it('robustness tells the points lost, beside the paper', () => {
    // Base 75, 76, 77; after the change 65 in every run.
    assert.deepEqual(line('camera height +15 %').slice(1), ['65.0 ± 0.0', '11.0 ± 1.0', '4.5 (over 10 %)']);
  });
  it('districts: R@1 and percentages of first answers', () => {
    assert.equal(line('park | 300')[6], '78.0 ± 1.0');
    assert.deepEqual(line('park | 10.0'), ['park', '10.0', '90.0']);
  });
  it('claims are judged by the rule, and those without runs are listed', async () => {
    const folders = (await readdir(join(root, 'matrix'))).map((name) => join(root, 'matrix', name));
    const claims = claimsOf((await collectRuns(folders)).groups);
    const verdict = (start: string) => claims.find(({ text }) => text.startsWith(start))?.comparison?.verdict;
    assert.equal(verdict('BEV better than the raw panorama'), 'holds outside the error bars');
    assert.equal(
      verdict('PSNR: BEV-CycleGAN + contrast better than BEV-CycleGAN'),
      'holds outside the error bars',
    );
    assert.equal(verdict('RMSE: BEV-CycleGAN + contrast better than BEV'), 'holds outside the error bars');
    assert.equal(verdict('10 % labels: dynamic threshold better than fixed'), 'holds outside the error bars');
    assert.equal(verdict('10 % labels: dynamic threshold better than UCVGL'), undefined);
    assert.equal(verdict('at least 80 % right at the second update'), 'holds outside the error bars');
    assert.equal(verdict('a camera height off'), 'holds outside the error bars');
    assert.match(text, /Not judged, for want of runs: .*dynamic threshold better than UCVGL/);
    // 75, 76, 77 against 71.5, 72.5, 73.5.
    const close = claims.find(({ text }) =>
      text.startsWith('BEV-CycleGAN + contrast better than BEV-CycleGAN ('),
    );
    assert.ok(Math.abs((close?.comparison?.difference ?? 0) - 3.5) < 1e-9);
  });
  it('every picture it speaks of is there, and every chart is SVG that can be drawn', async () => {
    const files = [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
    assert.ok(files.length >= 10, files.join());
    for (const name of [
      'figure-5-lambda.svg',
      'figure-6-precision-10.svg',
      'figure-7-losses.svg',
      'figure-9-top5.jpg',
    ]) {
      assert.ok(files.includes(name), name);
    }
    for (const file of files) {
      // Drawings are text: no process of skyfix has a decoder for them.
      if (file.endsWith('.svg'))
        assert.match(await readFile(join(out, file), 'utf8'), /^<svg [^>]*viewBox="/, file);
      if (file.endsWith('.svg')) continue;
      const { width = 0 } = await sharp(join(out, file)).metadata();
      assert.ok(width > 0, file);
    }
    assert.match(text, /### Failures\n\nMissing in these runs: sheets\/failures\.png/);
  });
  it('has the results of all runs beside it', async () => {
    const results = await readdir(join(out, 'results'));
    assert.equal(results.length, Number(/from (\d+) runs/.exec(text)?.[1]));
    const [first = ''] = results;
    const result = JSON.parse(await readFile(join(out, 'results', first), 'utf8')) as RunResult;
    assert.ok(first.endsWith(`-seed${result.seed}.json`), first);
  });
  it('an empty folder is refused in one sentence', () => {
    const done = spawnSync(process.execPath, [BIN, 'report', root, '--out', out], { encoding: 'utf8' });
    assert.equal(done.status, 1);
    assert.match(done.stderr, /There is no finished run among these: .*it is no folder of a run/);
  });
});
