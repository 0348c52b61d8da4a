// The report of several runs: the paper's tables and figures from our numbers, its own numbers beside them, and which of
// its claims hold. A folder with report.md, SVG charts, JPEG sheets and the runs' results.
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { sharp } from 'skyfix/imaging';
import { fileName } from '../runs/index.js';
import { type Claim, claimsOf, claimsText } from './claims.js';
import { areasOf, collectRuns, type Group, type LeftOut } from './collect.js';
import { districtTables } from './districts-table.js';
import {
  type Figure,
  fractionFigure,
  hitCurveFigure,
  lambdaFigure,
  lossFigure,
  robustnessFigures,
  selectionFigures,
} from './figures.js';
import { ablationTable, fractionTable, mainArea } from './label-tables.js';
import { missingText, paragraphs, table } from './markdown.js';
import { methodName } from './method.js';
import { PAPER_PRECISION } from './paper.js';
import { robustnessTable } from './robustness.js';
import { kindOf } from './select.js';
import { costTable, generationTable, retrievalTable } from './tables.js';

/** The numbers behind the report: the result of each run. */
const RESULTS_FOLDER = 'results';

export interface ReportSummary {
  readonly path: string;
  readonly runs: number;
  readonly groups: number;
  readonly datasets: readonly string[];
  readonly claims: readonly Claim[];
  readonly leftOut: readonly LeftOut[];
}

/** What was written and how many claims hold, for terminals. */
export function summaryText({ path, runs, groups, datasets, claims, leftOut }: ReportSummary): string {
  const verdicts = claims.map(({ comparison }) => comparison?.verdict ?? 'not judged, for want of runs');
  const counts = [...new Set(verdicts)].map(
    (verdict) => `  ${verdicts.filter((one) => one === verdict).length} ${verdict}`,
  );
  const head = `${path}: ${runs} runs in ${groups} groups (${datasets.join(', ')})`;
  const without = leftOut.map(({ folder, why }) => `left out: ${folder} (${why})`);
  return [head, ...without, 'claims of the paper:', ...counts].join('\n');
}

/** Reads the runs and writes the report. Throws DATASET_INVALID for results that cannot be read (see `collectRuns`). */
export async function writeReport(folders: readonly string[], out: string): Promise<ReportSummary> {
  const { groups, leftOut } = await collectRuns(folders);
  const datasets = [...new Set(groups.map(({ dataset }) => dataset))];
  await mkdir(out, { recursive: true });
  const claims: Claim[] = [];
  const parts: string[] = [];
  for (const [k, dataset] of datasets.entries()) {
    const own = groups.filter((group) => group.dataset === dataset);
    const judged = claimsOf(own);
    claims.push(...judged);
    const prefix = datasets.length > 1 ? `${k + 1}-` : '';
    parts.push(await datasetReport(dataset, own, judged, out, prefix));
    await keepResults(own, join(out, RESULTS_FOLDER), prefix);
  }
  const path = join(out, 'report.md');
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  await writeFileAtomic(
    path,
    `${paragraphs(introduction(runs, groups.length), ...leftOutText(leftOut), ...parts)}\n`,
  );
  return { path, runs, groups: groups.length, datasets, claims, leftOut };
}

async function keepResults(groups: readonly Group[], dir: string, prefix: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const { name, runs } of groups) {
    for (const { folder, result } of runs) {
      const copy = `${prefix}${fileName(name)}-seed${result.seed}.json`;
      await copyFile(join(folder, 'result.json'), join(dir, copy));
    }
  }
}

function introduction(runs: number, groups: number): string {
  return paragraphs(
    '# Report of training runs',
    `Written by \`skyfix-train report\` from ${runs} runs in ${groups} groups; the runs of a group differ by their seed only. ` +
      'Figures are mean ± sample deviation over the seeds; a figure without ± comes from one ' +
      'run. Ranking is strict: a tie counts as a miss. ' +
      'Columns marked "paper" hold the published numbers of the paper on its own data (Remote ' +
      'Sensing 2026, 18(6), 944); they are never part of a mean. ' +
      `What the runs do not hold is named as missing. ${RESULTS_FOLDER}/ has the result of every run.`,
  );
}

function leftOutText(leftOut: readonly LeftOut[]): string[] {
  if (leftOut.length === 0) return [];
  return [`Left out: ${leftOut.map(({ folder, why }) => `${basename(folder)} (${why})`).join(', ')}.`];
}

async function datasetReport(
  dataset: string,
  groups: readonly Group[],
  claims: readonly Claim[],
  out: string,
  prefix: string,
): Promise<string> {
  const area = mainArea(groups);
  const draw = async (figures: readonly (Figure | undefined)[], missing: string): Promise<string> => {
    const present = figures.flatMap((figure) => figure ?? []);
    for (const { name, svg } of present) await writeFileAtomic(join(out, `${prefix}${name}.svg`), svg);
    if (present.length === 0) return missingText([missing]);
    return paragraphs(
      ...present.map(({ name, caption }) => `![${caption}](${prefix}${name}.svg)\n\n*${caption}*`),
    );
  };
  const loss = await lossFigure(groups);
  return paragraphs(
    `## ${dataset}`,
    `Where one area is shown it is "${area}".`,
    '### Claims of the paper',
    claimsText(claims),
    '### Table 1: generation quality',
    generationTable(groups),
    '### Table 2: retrieval',
    retrievalTable(groups),
    await draw([hitCurveFigure(groups, area)], 'hit curves'),
    '### Table 3: parameters, operations, time',
    costTable(groups),
    '### Table 4: shares of labels and strategies (R@1)',
    fractionTable(groups, area),
    await draw([fractionFigure(groups, area)], 'several shares of labels or strategies'),
    '### Table 5: ablation (R@1)',
    ablationTable(groups, area),
    '### Figure 5: decay of λ',
    await draw([lambdaFigure(groups)], ''),
    '### Figure 6: selection strategies',
    await draw(selectionFigures(groups), 'updates of a selection strategy'),
    `The paper's dynamic threshold goes from ${PAPER_PRECISION[0]} to ${PAPER_PRECISION[1]} % right pairs over its run.`,
    '### Figure 7: losses with and without contrast',
    await draw([loss], 'metrics.jsonl of stage 1 with and without contrast'),
    '### Figure 8: panorama, BEV, view, tile',
    await sheetOf(groups, 'triples', 'figure-8-triples', out, prefix),
    '### Figure 9: the first five answers',
    await sheetOf(groups, 'top5', 'figure-9-top5', out, prefix),
    '### Failures',
    await sheetOf(groups, 'failures', 'failures', out, prefix),
    '### Robustness',
    robustnessTable(groups, area),
    await draw(robustnessFigures(groups, area), 'robustness figures'),
    '### Districts',
    districtTables(groups, area),
    '### Runs',
    runsTable(groups),
  );
}

/** A sheet of the most elaborate group that has one: the paper's method with the most labels where it was run. */
async function sheetOf(
  groups: readonly Group[],
  sheet: string,
  name: string,
  out: string,
  prefix: string,
): Promise<string> {
  const order = ['contrast', 'bevCycleGan', 'cycleGan', 'bev', 'panorama'];
  const ranked = [...groups].sort(
    (a, b) =>
      order.indexOf(kindOf(a.method)) - order.indexOf(kindOf(b.method)) ||
      b.method.fraction - a.method.fraction,
  );
  for (const { method, runs } of ranked) {
    for (const { folder, result } of runs) {
      const source = join(folder, 'sheets', `${sheet}.png`);
      if (!(await stat(source).catch(() => undefined))) continue;
      // As PNG the sheets of photos would be ten times as large.
      const file = `${prefix}${name}.jpg`;
      await writeFileAtomic(join(out, file), await sharp(source).jpeg({ quality: 80 }).toBuffer());
      const caption = `${methodName(method)}, seed ${result.seed}`;
      return `![${caption}](${file})\n\n*${caption}.*`;
    }
  }
  return missingText([`sheets/${sheet}.png`]);
}

function runsTable(groups: readonly Group[]): string {
  const rows = groups.map((group) => [
    group.name,
    methodName(group.method),
    group.runs.map(({ result }) => result.seed).join(', '),
    group.runs.map(({ folder }) => basename(folder)).join(', '),
    areasOf([group]).join(', '),
  ]);
  return table(['group', 'method', 'seeds', 'runs', 'areas'], rows);
}
