// skyfix-train evaluate on a bundle of a tiny run: the run's own figures, and every option that names a data set. The run
// also measures how much it loses to perturbations, and keeps the views that it was measured on in files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadBundle } from 'skyfix/bundles';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { PERTURBATIONS } from '../../evaluation/perturbations.js';
import type { HeadingFigures } from '../../pipeline/index.js';
import { type RetrievalResult, type RunResult, readRunResult } from '../../runs/result.js';
import { fileStore } from '../../stores/image-store.js';
import { writeVigor } from '../support/dataset-fixtures.js';
import { runHere, tinyRun } from '../support/tiny-run.js';

/** One training step a stage; nothing around a tile, so that a view is what the robustness rows start from. */
const SHORT = [
  ...['stage1.steps=1', 'stage3.steps=1', 'stage3.validateEvery=0', 'stage3.sampling.negatives=none'],
  ...['labels.fraction=1', 'selfTraining.strategy=none'],
  ...['geometry.searchMarginPx=null', 'geometry.searchStepPx=null'],
  ...['evaluation.sheets=false', 'evaluation.robustness=true', 'evaluation.gridStrideM=128'],
  ...['data.source.make.places=8', 'runtime.threads=1'],
];

let folder = '';
let run = '';
let town = '';
let result: RunResult;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-evaluate-'));
  [run, town] = [join(folder, 'run'), join(folder, 'town')];
  await runHere(await tinyRun(folder, SHORT), run);
  result = await readRunResult(run);
});
after(() => rm(folder, { recursive: true, force: true }));

const trainingData = async () => (await loadBundle(join(run, 'bundle'))).manifest.training?.generatorData;
const trained = () => result.retrieval.find(({ model }) => model === 'trained') as RetrievalResult;

describe('a run', () => {
  it('measures every perturbation; without one, what the paired protocol tells', () => {
    assert.deepEqual(
      result.robustness?.map(({ change }) => change),
      ['none', ...PERTURBATIONS.map(({ name }) => name)],
    );
    assert.equal(result.robustness?.[0]?.at1, trained().paired.at1);
  });

  it('is measured on views in files', async () => {
    const stores = (await readdir(join(run, 'views'))).map((name) => fileStore(join(run, 'views', name)));
    const counts = stores.map(({ count }) => count).sort((a, b) => a - b);
    for (const store of stores) store.close();
    const training = Number(/, (\d+) places/.exec(String(await trainingData()))?.[1]);
    assert.deepEqual(
      counts,
      [trained().paired.queries, training].sort((a, b) => a - b),
    );
  });

  it('tells the distances of first tiles, which are centred on the places here', () => {
    const { paired, pairedDistance } = trained();
    assert.equal(pairedDistance?.queries, paired.queries);
    assert.ok(pairedDistance.within5M >= paired.at1, 'the right tile is no metre away');
    assert.ok(pairedDistance.within50M >= pairedDistance.within25M);
  });
});

describe('skyfix-train evaluate', () => {
  const bin = join(PACKAGE_ROOT, 'bin/skyfix-train.js');
  function evaluate(...args: readonly string[]) {
    const given = ['evaluate', '--bundle', join(run, 'bundle'), '--cache', join(folder, 'cache'), ...args];
    return spawnSync(process.execPath, [bin, ...given], { encoding: 'utf8' });
  }
  const figures = (...args: readonly string[]) => {
    const { status, stdout, stderr } = evaluate(...args, '--json');
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as RetrievalResult;
  };

  const headingFigures = (...args: readonly string[]) => {
    const { status, stdout, stderr } = evaluate('--town', town, '--grid-stride-m', '128', '--json', ...args);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as HeadingFigures & { readonly fovDeg: number };
  };

  it("gives a bundle's figures as the run did, by its graphs, and leaves no views behind", async () => {
    const { paired, grid, pairedDistance } = figures('--town', town, '--grid-stride-m', '128');
    const own = trained();
    const one = 100 / own.paired.queries + 1e-9; // percent: rounding may turn a query
    for (const name of ['at1', 'at5', 'at10'] as const) {
      assert.ok(
        Math.abs(paired[name] - own.paired[name]) <= one,
        `${name}: ${paired[name]}, ${own.paired[name]}`,
      );
    }
    for (const [found, expected] of [
      [paired, own.paired],
      [grid, own.grid],
      [pairedDistance, own.pairedDistance],
    ] as const) {
      assert.ok(expected && expected.queries > 0);
      assert.deepEqual([found?.queries, found?.gallery], [expected.queries, expected.gallery]);
    }
    const left = (await readdir(join(folder, 'cache'))).filter((name) => name.startsWith('evaluate-'));
    assert.deepEqual(left, []);
  });

  it('prints a table of photos with their imagery, and can drop what cannot be used', async () => {
    const photos = join(folder, 'photos');
    await cp(join(town, 'panoramas'), photos, { recursive: true });
    await writeFile(join(photos, 'damaged.jpg'), 'nothing');
    const given = ['--format', 'photos', '--root', photos, '--split', 'all', '--grid-stride-m', '0'];
    const imagery = ['--imagery', join(town, 'mosaic.tif'), '--margin-m', '0'];
    const { status, stdout, stderr } = evaluate(...given, ...imagery, '--drop-invalid');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /first tile: within 25 m/);
    assert.match(stdout, /^\| all \| trained \| [\d.]+ \|.* m \| – \| – \| – \|$/m);
  });

  it("takes VIGOR's protocol", async () => {
    const root = join(folder, 'vigor');
    await writeVigor(root);
    const { paired, pairedDistance } = figures('--format', 'vigor', '--root', root, '--area', 'cross');
    // In the same area there would be four cities of five tiles.
    assert.deepEqual([paired.queries, paired.gallery, pairedDistance?.gallery], [4, 10, 10]);
  });

  it('with the heading known and all of the circle gives the same; unknown, what a server would estimate', () => {
    const { paired, grid } = figures('--town', town, '--grid-stride-m', '128');
    const known = headingFigures('--heading', 'known');
    const one = 100 / paired.queries + 1e-9; // percent: views are not rounded to bytes here
    assert.ok(Math.abs(known.paired.at1 - paired.at1) <= one, `${known.paired.at1}, ${paired.at1}`);
    assert.deepEqual(
      [known.grid.queries, known.grid.gallery, known.paired.gallery],
      [grid?.queries, grid?.gallery, paired.gallery],
    );
    assert.ok(Math.abs(known.grid.within50M - (grid?.within50M ?? 0)) <= one);
    assert.ok(known.medianHeadingErrorDeg < 10, "the town's files err by a few degrees");
    const about = headingFigures('--heading', '45', '--fov', '90', '--places', '1');
    assert.deepEqual([about.fovDeg, about.grid.queries], [90, 1]);
    assert.ok(about.medianHeadingErrorDeg <= 90, 'told to within 45 degrees, on either side');
    const none = evaluate('--town', town, '--heading', 'unknown', '--grid-stride-m', '0');
    assert.equal(none.status, 1);
    assert.match(none.stderr, /has no grid of tiles/);
  });

  it('the matrix of headings and fields of view goes on where it was stopped', async () => {
    const [report, out] = [join(folder, 'docs'), join(folder, 'headings')];
    const given = [
      '--bundle',
      join(run, 'bundle'),
      '--town',
      town,
      '--grid-stride-m',
      '128',
      '--places',
      '2',
    ];
    const command = [bin, 'headings', ...given, '--fovs', '360,90', '--out', out, '--report', report];
    const first = spawnSync(process.execPath, command, { encoding: 'utf8' });
    assert.equal(first.status, 0, first.stderr);
    const page = await readFile(join(report, 'styles.md'), 'utf8');
    assert.match(page, /\| heading \| 360° \| 90° \|/);
    assert.match(page, /^\| within ±45° \|/m);
    const cells = (await readdir(join(out, 'cells'))).sort();
    assert.equal(cells.length, 3 * 2);
    await rm(join(out, 'cells', cells[0] as string));
    const again = spawnSync(process.execPath, command, { encoding: 'utf8' });
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual((await readdir(join(out, 'cells'))).sort(), cells);
    assert.equal(await readFile(join(report, 'styles.md'), 'utf8'), page, 'the same figures');
  });
});
