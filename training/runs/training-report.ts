// report.md of one run: its figures, its loss curves, where they ended, how self-training went, and its sample grids.
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { type LineSeries, lineChart } from '../drawing/index.js';
import { type RunEnvironment, readEnvironment } from './environment-file.js';
import { isScalars, type MetricLine, readMetrics } from './metrics-file.js';
import type { RetrievalResult } from './result.js';
import { fileName, METRICS_FILE, SAMPLES_FOLDER, TENSORBOARD_FOLDER } from './run-log.js';
import { readStageSeconds, type StageSeconds } from './stage-seconds.js';
import { summaryTable } from './summary-table.js';

export const REPORT_FILE = 'report.md';
const CHARTS_FOLDER = 'charts';
/** Longer curves are drawn as means of so many stretches, with lowest and highest as a band. */
const MOST_POINTS = 250;
/** The share of a stage's last steps whose mean stands in the table. */
const LAST_SHARE = 0.1;

const FIGURES =
  'Percent, strict: a tie counts as a miss. Each query among the tiles of its area (R@K), ' +
  'and how far the first answer lies from the camera.';

/** One value of a stage over its steps; NaN where the line held no finite number. */
interface Curve {
  readonly stage: string;
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/**
 * Writes report.md, with the figures of the areas that it was measured on, and charts/*.svg into the run's folder and
 * returns the report's path. A run without any line yet
 * gets a report that says so. Throws DATASET_INVALID where the metrics are damaged.
 */
export async function writeTrainingReport(
  dir: string,
  retrieval: readonly RetrievalResult[] = [],
): Promise<string> {
  const lines = await readMetrics(join(dir, METRICS_FILE));
  const curves = curvesOf(lines);
  const parts = ['# Training report'];
  const environment = await readEnvironment(dir);
  if (environment) parts.push(environmentText(environment));
  if (retrieval.length > 0) parts.push('## Figures', FIGURES, summaryTable(retrieval));
  parts.push(...secondsTable(await readStageSeconds(dir)));
  if (lines.length === 0) parts.push('No step has been logged yet.');
  if (curves.length > 0) parts.push('## Values', valuesTable(curves));
  for (const stage of new Set(curves.map((curve) => curve.stage))) {
    const charts = [];
    for (const curve of curves.filter((one) => one.stage === stage))
      charts.push(await curveChart(dir, curve));
    parts.push(`## Stage ${stage}`, charts.join('\n'));
  }
  for (const [stage, series] of selfTrainingOf(lines)) {
    parts.push(`## Self-training (${stage})`, (await selfTrainingCharts(dir, stage, series)).join('\n'));
  }
  const samples = await samplesText(dir);
  if (samples !== '') parts.push('## Samples', samples);
  parts.push(`Live curves: \`tensorboard --logdir ${TENSORBOARD_FOLDER}\` in this folder.`);
  const path = join(dir, REPORT_FILE);
  await writeFileAtomic(path, `${parts.join('\n\n')}\n`);
  return path;
}

/** What each stage took, and the share of it that was not spent waiting for data. */
function secondsTable(stages: Record<string, StageSeconds>): string[] {
  const rows = Object.entries(stages).map(([stage, { total, waiting }]) => {
    const share = waiting === undefined ? '' : `${(100 * (1 - waiting / total)).toFixed(1)} %`;
    return `| ${stage} | ${total.toFixed(0)} | ${share} |`;
  });
  return rows.length === 0
    ? []
    : ['## Time', ['| stage | seconds | not waiting for data |', '|---|---|---|', ...rows].join('\n')];
}

/** The values of every stage, in the order in which the file first has them. */
export function curvesOf(lines: readonly MetricLine[]): Curve[] {
  const curves = new Map<string, { stage: string; name: string; points: [number, number][] }>();
  for (const line of lines) {
    if (!isScalars(line)) continue;
    for (const [name, value] of Object.entries(line.values)) {
      const key = JSON.stringify([line.stage, name]);
      const curve = curves.get(key) ?? { stage: line.stage, name, points: [] };
      curve.points.push([line.step, value ?? Number.NaN]);
      curves.set(key, curve);
    }
  }
  return [...curves.values()];
}

/** At most MOST_POINTS points: means of stretches of equal length, at their last x, with lowest and highest. */
export function thinned(points: Curve['points']): Pick<LineSeries, 'points' | 'band'> {
  if (points.length <= MOST_POINTS) return { points };
  const means: [number, number][] = [];
  const band: [number, number, number][] = [];
  for (let k = 0; k < MOST_POINTS; k++) {
    const from = Math.floor((k * points.length) / MOST_POINTS);
    const stretch = points.slice(from, Math.floor(((k + 1) * points.length) / MOST_POINTS));
    const x = stretch.at(-1)?.[0] ?? 0;
    const values = stretch.map(([, y]) => y).filter(Number.isFinite);
    if (values.length === 0) means.push([x, Number.NaN]);
    else {
      means.push([x, mean(values)]);
      band.push([x, Math.min(...values), Math.max(...values)]);
    }
  }
  return { points: means, band };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function valuesTable(curves: readonly Curve[]): string {
  const rows = curves.map(({ stage, name, points }) => {
    const last = points.slice(-Math.max(1, Math.round(points.length * LAST_SHARE))).map(([, y]) => y);
    const cells = [points[0]?.[1], points.at(-1)?.[1], mean(last)].map((value) => numberText(value));
    return `| ${cell(stage)} | ${cell(name)} | ${points.at(-1)?.[0]} | ${cells.join(' | ')} |`;
  });
  const head = `| stage | value | step | first | last | mean of the last ${LAST_SHARE * 100} % |`;
  return [head, '|---|---|---:|---:|---:|---:|', ...rows].join('\n');
}

function numberText(value = Number.NaN): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'not finite';
}

/** Text of a table's cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

async function curveChart(dir: string, { stage, name, points }: Curve): Promise<string> {
  const chart = lineChart({
    title: `${stage}: ${name}`,
    xLabel: 'step',
    yLabel: name,
    series: [{ name, ...thinned(points) }],
  });
  return writeChart(dir, `${fileName(stage)}-${fileName(name)}`, `${stage}: ${name}`, chart);
}

/** Writes charts/NAME.svg; returns the Markdown that shows it. */
async function writeChart(dir: string, name: string, title: string, svg: string): Promise<string> {
  await writeFileAtomic(join(dir, CHARTS_FOLDER, `${name}.svg`), svg);
  return `![${title}](${CHARTS_FOLDER}/${name}.svg)`;
}

type Updates = ReadonlyMap<string, readonly (readonly [number, number])[]>;

/** The numbers of the events of kind "self-training", stage by stage: [iteration, value] in each update. */
function selfTrainingOf(lines: readonly MetricLine[]): Map<string, Updates> {
  const stages = new Map<string, Map<string, [number, number][]>>();
  for (const line of lines) {
    if (isScalars(line) || line.kind !== 'self-training') continue;
    const series = stages.get(line.stage) ?? new Map<string, [number, number][]>();
    stages.set(line.stage, series);
    const { iteration, ...values } = line.data;
    const x = typeof iteration === 'number' ? iteration : line.step;
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== 'number') continue;
      series.set(name, [...(series.get(name) ?? []), [x, value]]);
    }
  }
  return stages;
}

/** Threshold and precision are shares, the rest are counts: a chart of each. */
async function selfTrainingCharts(dir: string, stage: string, updates: Updates): Promise<string[]> {
  const charts: string[] = [];
  const draw = async (
    file: string,
    title: string,
    yLabel: string,
    names: readonly string[],
    range?: [number, number],
  ) => {
    const series = names.flatMap((name) => {
      const points = updates.get(name);
      return points ? [{ name, ...thinned(points) }] : [];
    });
    if (series.length === 0) return;
    const chart = lineChart({ title, xLabel: 'iteration', yLabel, series, ...(range && { yRange: range }) });
    charts.push(await writeChart(dir, `${fileName(stage)}-${file}`, title, chart));
  };
  await draw(
    'threshold',
    'Threshold and precision of pseudo-labels',
    'share',
    ['threshold', 'precision', 'lambda'],
    [0, 1],
  );
  await draw('selected', 'Pseudo-labels', 'count', ['candidates', 'selected', 'correct']);
  return charts;
}

/** The newest grid of every tag is shown, the ones before it are linked. */
async function samplesText(dir: string): Promise<string> {
  const folder = join(dir, SAMPLES_FOLDER);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.png'))
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
  const byTag = new Map<string, { step: number; file: string }[]>();
  for (const file of files) {
    const [, tag = '', step = ''] = /^samples\/(.*)-(\d+)\.png$/.exec(file) ?? [];
    if (tag !== '') byTag.set(tag, [...(byTag.get(tag) ?? []), { step: Number(step), file }]);
  }
  const texts = [...byTag].map(([tag, grids]) => {
    const sorted = grids.sort((a, b) => a.step - b.step);
    const newest = sorted.at(-1);
    const links = sorted.map(({ step, file }) => `[${step}](${file})`).join(' ');
    return `**${tag}**, after steps ${links}:\n\n![${tag} after step ${newest?.step}](${newest?.file})`;
  });
  return texts.join('\n\n');
}

function environmentText({ started, versions, cpu, memoryGiB, gpus, git }: RunEnvironment): string {
  const commit = git ? `commit ${git.commit}${git.dirty ? ' with changes' : ''}` : 'no git checkout';
  const machine = `${cpu.model}, ${cpu.cores} cores, ${memoryGiB} GiB; ${gpus.length > 0 ? gpus.join('; ') : 'no GPU'}`;
  const software = `skyfix ${versions.skyfix} (${commit}), node ${versions.node}, TensorFlow ${versions.tensorflow}`;
  return `Started ${started}. ${software}. ${machine}.`;
}
