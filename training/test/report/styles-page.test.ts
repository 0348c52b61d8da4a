// The page of the matrices against numbers that can be worked out by hand.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { headingTables } from '../../report/heading-tables.js';
import type { HeadingCell, HeadingsResult, StyleCell, StylesResult } from '../../report/style-result.js';
import {
  AT_1,
  meanOverStyles,
  styleByStyleTables,
  styleSamples,
  unseenTables,
  unseenVerdicts,
} from '../../report/style-tables.js';
import { worldStatisticsTable } from '../../report/world-tables.js';
import { writeStylesPage } from '../../report/write-styles.js';

const recall = (at1: number, at5: number) => {
  return { queries: 4, gallery: 4, at1, at5, at10: 100, at1Percent: at1 };
};
const distance = (within25M: number) => {
  return { queries: 4, gallery: 40, medianErrorM: 3, within5M: 0, within25M, within50M: 100 };
};

/** R@1 of seeds 1, 2, ...; R@5 is 10 points higher, the grid's figure 5 lower. */
function left(model: string, testedOn: string, ...at1: readonly number[]): StyleCell[] {
  return at1.map((value, k): StyleCell => {
    return {
      protocol: 'leave-one-out',
      model,
      seed: k + 1,
      fittedOn: [testedOn === 'a' ? 'b' : 'a'],
      testedOn,
      paired: recall(value, value + 10),
      grid: distance(value - 5),
    };
  });
}

function alone(model: string, fittedOn: string, testedOn: string, ...at1: readonly number[]): StyleCell[] {
  return at1.map((value, k): StyleCell => {
    const paired = recall(value, value);
    return { protocol: 'one-style', model, seed: k + 1, fittedOn: [fittedOn], testedOn, paired };
  });
}

const statistics = {
  places: 4,
  tileRgb: [100, 90.4, 80] as const,
  tileDeviation: 12.2,
  dark: 0.021,
  green: 0.3,
  coarse: 0.3,
  fine: 0.1,
  gapRgb: [-1, 2, 3] as const,
  gapSpread: 9,
  skylineDeg: 17,
};

const result: StylesResult = {
  schema: 'skyfix-styles/1',
  command: 'npx skyfix-train styles',
  trunk: 'a trunk',
  gridStrideM: 16,
  models: [
    { name: 'plain', title: 'plain grid' },
    { name: 'fitted', title: 'fitted head' },
    { name: 'random', title: 'random trunk', isBound: true },
  ],
  worlds: [
    { name: 'a-test', style: 'a', role: 'test', seed: 1, places: 4, statistics, sheet: 'a.jpg' },
    { name: 'b-test', style: 'b', role: 'test', seed: 1, places: 4 },
    { name: 'a-1', style: 'a', role: 'training', seed: 2, places: 3 },
    { name: 'b-1', style: 'b', role: 'training', seed: 2, places: 3 },
  ],
  cells: [
    ...left('plain', 'a', 70, 71, 72), // 71 ± 1
    ...left('plain', 'b', 60, 62, 64), // 62 ± 2
    ...left('fitted', 'a', 84, 80, 82), // 82 ± 2
    ...left('fitted', 'b', 62, 64, 63), // 63 ± 1
    ...left('random', 'a', 12),
    ...alone('fitted', 'a', 'a', 90, 92),
    ...alone('fitted', 'a', 'b', 50, 54), // 52 ± 2.83
    ...alone('fitted', 'b', 'a', 40, 40),
    ...alone('fitted', 'b', 'b', 95, 97),
  ],
};

const cellsOf = (markdown: string, rowOf: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith(`| ${rowOf} |`))
    .map((line) => line.slice(2, -2).split(' | ').slice(1));

describe('a style left out', () => {
  it('mean ± deviation a style and model, the means over styles, and which is best', () => {
    const text = unseenTables(result);
    const [at1, at5, grid] = cellsOf(text, 'a');
    assert.deepEqual(at1, ['71.0 ± 1.0', '82.0 ± 2.0', '12.0', 'fitted head']);
    assert.deepEqual(at5, ['81.0 ± 1.0', '92.0 ± 2.0', '22.0', 'fitted head']);
    assert.deepEqual(grid, ['66.0 ± 1.0', '77.0 ± 2.0', '7.0', 'fitted head']);
    // Pooled deviation of b: sqrt((2 * 4 + 2 * 1) / 4) = 1.58, more than the 1 between the means.
    assert.equal(cellsOf(text, 'b')[0]?.[3], 'fitted head, within the error bars of plain grid');
    // Seeds' means: plain 65, 66.5, 68; fitted 73, 72, 72.5.
    assert.deepEqual(cellsOf(text, 'mean')[0], ['66.5 ± 1.5', '72.5 ± 0.5', '–', 'fitted head']);
  });
  it('counts the styles on which the reference is beaten and targets are reached', () => {
    const text = unseenVerdicts(result);
    assert.match(text, /fitted head against plain grid: better R@1 on 2 of 2 unseen styles/);
    assert.match(text, /\(1 outside the error bars\), \+6\.0 points in the mean/);
    assert.match(text, /fitted head, R@1 ≥ 80 %: reached on 1 of 2/);
    assert.match(text, /fitted head, grid within 25 m ≥ 75 %: reached on 1 of 2/);
    assert.match(text, /plain grid, R@1 ≥ 80 %: reached on 0 of 2/);
    assert.doesNotMatch(text, /random trunk/);
  });
  it('says nothing of error bars where there are none', () => {
    const once = { ...result, cells: result.cells.filter(({ seed }) => seed === 1) };
    assert.equal(cellsOf(unseenTables(once), 'b')[0]?.[3], 'fitted head');
  });
  it('a seed that lacks a style is no part of the mean over styles', () => {
    const samples = (...values: number[]) => values.map((value, k) => ({ seed: k + 1, value }));
    assert.deepEqual(meanOverStyles([samples(10, 20, 30), samples(20, 40)]), samples(15, 30));
    assert.deepEqual(meanOverStyles([]), []);
  });
});

describe('style by style', () => {
  it('a row for each style that was fitted on, its mean over the others last', () => {
    const text = styleByStyleTables(result);
    assert.deepEqual(cellsOf(text, 'a'), [['91.0 ± 1.4', '52.0 ± 2.8', '52.0 ± 2.8']]);
    assert.deepEqual(cellsOf(text, 'b'), [['40.0 ± 0.0', '96.0 ± 1.4', '40.0 ± 0.0']]);
    assert.doesNotMatch(text, /plain grid/);
  });
  it('takes no cell of the other protocol', () => {
    const wanted = { protocol: 'one-style', model: 'fitted', testedOn: 'a', fittedOn: 'b' } as const;
    assert.deepEqual(styleSamples(result.cells, wanted, AT_1), [
      { seed: 1, value: 40 },
      { seed: 2, value: 40 },
    ]);
  });
});

const headings: HeadingsResult = {
  schema: 'skyfix-headings/1',
  command: `npx skyfix-train headings --bundle models/general --town ${'var/styles/worlds/a-test '.repeat(5)}--split all`,
  bundle: 'general',
  gridStrideM: 16,
  cells: (['one', 'two'] as const).flatMap((area, k): HeadingCell[] => [
    cell(area, 'known', 360, 90 + 2 * k, 80, 0),
    cell(area, 'unknown', 360, 80, 70 + 2 * k, 3),
    cell(area, 'unknown', 90, 40, 30, 20 + k),
  ]),
};

function cell(
  area: string,
  heading: HeadingCell['heading'],
  fovDeg: number,
  at1: number,
  within: number,
  medianHeadingErrorDeg: number,
): HeadingCell {
  return {
    area,
    heading,
    fovDeg,
    paired: recall(at1, 100),
    grid: distance(within),
    medianHeadingErrorDeg,
  };
}

describe('heading by field of view', () => {
  it('a row for what is told, a column for each field of view; a heading that was told has no error', () => {
    const text = headingTables(headings);
    assert.deepEqual(cellsOf(text, 'known'), [
      ['91.0 ± 1.4', '–'],
      ['80.0 ± 0.0', '–'],
    ]);
    assert.deepEqual(cellsOf(text, 'unknown'), [
      ['80.0 ± 0.0', '40.0 ± 0.0'],
      ['71.0 ± 1.4', '30.0 ± 0.0'],
      ['3.0 ± 0.0', '20.5 ± 0.7'],
    ]);
    assert.match(text, /\| heading \| 360° \| 90° \|/);
  });
});

describe('the page', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'skyfix-styles-page-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('is written anew with each part that was measured, and keeps the other', async () => {
    const page = await writeStylesPage(root, result, { 'a real place': statistics });
    const first = await readFile(page, 'utf8');
    assert.match(first, /## A style left out/);
    assert.doesNotMatch(first, /## Heading and field of view/);
    assert.match(first, /!\[a: .*\]\(styles\/a\.jpg\)/);
    await writeStylesPage(root, headings, { 'a real place': statistics });
    const both = await readFile(page, 'utf8');
    assert.match(both, /## A style left out/);
    assert.match(both, /## Heading and field of view/);
    assert.match(await readFile(join(root, 'styles/unseen-styles.svg'), 'utf8'), /^<svg /);
    assert.deepEqual(JSON.parse(await readFile(join(root, 'styles/styles.json'), 'utf8')), result);
    assert.deepEqual(
      both.split('\n').filter((line) => line.length > 160),
      [],
    );
  });

  it('refuses a file that is no result, and says which', async () => {
    await writeFile(join(root, 'styles/headings.json'), '{"schema":"skyfix-headings/1"}');
    await assert.rejects(writeStylesPage(root, result, {}), {
      code: 'DATASET_INVALID',
      message: /headings\.json is no result.*Remove it/,
    });
  });

  it('shows worlds beside real places', () => {
    const text = worldStatisticsTable({ here: statistics }, result.worlds);
    assert.match(text, /\| {2}\| here \| a \|/);
    assert.deepEqual(cellsOf(text, 'tiles: RGB mean'), [['100 90 80', '100 90 80']]);
    assert.deepEqual(cellsOf(text, 'dark (V < 0.2)'), [['2.1 %', '2.1 %']]);
  });
});
