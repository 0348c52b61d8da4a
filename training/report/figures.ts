// Figures 5, 6 and 7 of the paper, and the curves beside its tables, as SVG.

import { barChart, lineChart } from '../drawing/index.js';
import { HIT_CURVE_RANKS, parseChange } from '../evaluation/index.js';
import { lambdaSchedule } from '../pseudo-labels/index.js';
import type { RunResult, SelfTrainingUpdate } from '../runs/index.js';
import { type Group, recallSamples, retrievalOf, samplesOf } from './collect.js';
import { strategiesOf } from './label-tables.js';
import { fractionName, methodName, queryName, strategyName, variantOf } from './method.js';
import { readScalars, smoothed } from './metrics.js';
import { baseSamples, changedSamples, changesOf, testedGroups } from './robustness.js';
import { fractionsOf, mostLabelled } from './select.js';
import { type Sample, spreadOf } from './statistics.js';
import { generatorPair } from './tables.js';
import { precision } from './updates.js';

export interface Figure {
  /** File name without its ending. */
  readonly name: string;
  readonly svg: string;
  readonly caption: string;
}

interface Series {
  readonly name: string;
  readonly points: [number, number][];
  readonly band?: [number, number, number][];
}

/** A line through means with a band of one sample deviation; points without samples are left out. */
function seriesOf(name: string, at: readonly (readonly [x: number, samples: readonly Sample[]])[]): Series[] {
  const known = at.filter(([, samples]) => samples.length > 0);
  if (known.length === 0) return [];
  const spreads = known.map(([x, samples]) => ({ x, ...spreadOf(samples) }));
  const points = spreads.map(({ x, mean }): [number, number] => [x, mean]);
  if (spreads.every(({ deviation }) => deviation === undefined)) return [{ name, points }];
  const band = spreads.map(({ x, mean, deviation = 0 }): [number, number, number] => [
    x,
    mean - deviation,
    mean + deviation,
  ]);
  return [{ name, points, band }];
}

const GAMMAS = [0.9, 0.7, 0.5, 0.4] as const;

/** Figure 5: λ_t = λ_0 γ^(t / T_d), T_d = T / 50, and the λ that runs used. */
export function lambdaFigure(groups: readonly Group[]): Figure {
  const formula = GAMMAS.map((gamma) => ({
    name: `γ = ${gamma}`,
    points: Array.from({ length: 101 }, (_, k): [number, number] => [
      k,
      lambdaSchedule({ totalIterations: 100, gamma })(k),
    ]),
  }));
  const used = groups.find(({ runs }) => runs.some(({ result }) => lambdas(result).length > 1));
  const measured = used?.runs.map(({ result }) => lambdas(result)).find((points) => points.length > 1);
  const series = measured ? [...formula, { name: 'used in these runs', points: measured }] : formula;
  const source = used && measured ? ` "Used" is from "${methodName(used.method)}".` : '';
  return {
    name: 'figure-5-lambda',
    svg: lineChart({
      title: 'λ over a run',
      xLabel: 'percent of the iterations after the warm-up',
      yLabel: 'λ',
      series,
      yRange: [0, 0.5],
    }),
    caption: `Figure 5. Weight of the last threshold, λ_t = 0.5·γ^(t/T_d) with T_d = T/50.${source}`,
  };
}

/** [percent of the way from the first to the last update, λ] of a run. */
function lambdas({ selfTraining = [] }: RunResult): [number, number][] {
  const first = selfTraining[0]?.iteration ?? 0;
  const span = (selfTraining.at(-1)?.iteration ?? 0) - first;
  return selfTraining.flatMap(({ iteration, lambda }): [number, number][] =>
    span > 0 && typeof lambda === 'number' ? [[(100 * (iteration - first)) / span, lambda]] : [],
  );
}

/** Figure 6: for each share of labels, how many pseudo-labels each strategy selects and how many of them are right. */
export function selectionFigures(groups: readonly Group[]): Figure[] {
  const selecting = groups.filter(({ runs }) =>
    runs.some(({ result }) => (result.selfTraining ?? []).length > 0),
  );
  return fractionsOf(selecting).flatMap((fraction) => {
    const at = selecting.filter(({ method }) => method.fraction === fraction);
    // One kind of query: curves of different ones would say nothing about strategies.
    const variant = at.map(({ method }) => variantOf(method)).sort(byCount(at))[0];
    const own = at.filter(({ method }) => variantOf(method) === variant);
    const [first] = own;
    if (!first) return [];
    const of = (figure: (update: SelfTrainingUpdate) => number | undefined) =>
      own.flatMap((group) => {
        const updates = group.runs.flatMap(({ result }) => result.selfTraining ?? []);
        const iterations = [...new Set(updates.map(({ iteration }) => iteration))].sort((a, b) => a - b);
        return seriesOf(
          strategyName(group.method.strategy),
          iterations.map((iteration) => [
            iteration,
            samplesOf(group, ({ selfTraining }) => {
              const update = selfTraining?.find((one) => one.iteration === iteration);
              return update && figure(update);
            }),
          ]),
        );
      });
    const what = `${queryName(first.method)}, ${fractionName(fraction)} labels`;
    const percent = String(fractionName(fraction)).replace(/[ %]/g, '').replace('.', '-');
    const charts = [
      { key: 'selected', yLabel: 'selected pairs', series: of(({ selected }) => selected) },
      { key: 'precision', yLabel: 'right pairs, %', series: of(precision), yRange: [0, 100] as const },
    ];
    return charts.flatMap(({ key, yLabel, series, ...rest }): Figure[] => {
      if (series.length === 0) return [];
      return [
        {
          name: `figure-6-${key}-${percent}`,
          svg: lineChart({ title: what, xLabel: 'iteration', yLabel, series, ...rest }),
          caption: `Figure 6. ${yLabel} at every update: ${what}.`,
        },
      ];
    });
  });
}

/** The variants with the most strategies first. */
function byCount(groups: readonly Group[]): (a: string, b: string) => number {
  const count = (variant: string) => groups.filter(({ method }) => variantOf(method) === variant).length;
  return (a, b) => count(b) - count(a) || (a < b ? -1 : 1);
}

const STAGES = ['stage1', 'generation'];
const BUCKETS = 60;

/** Figure 7: the generators' loss with and without contrast, without the contrast term itself, which one of them lacks. */
export async function lossFigure(groups: readonly Group[]): Promise<Figure | undefined> {
  const pair = generatorPair(groups, 'contrast', 'bevCycleGan');
  const series: Series[] = [];
  for (const [k, group] of pair.entries()) {
    if (!group) return undefined;
    const curves = await Promise.all(group.runs.map((run) => lossCurve(run.folder, run.result)));
    const bySteps = new Map<number, Sample[]>();
    curves.forEach((curve, r) => {
      for (const [step, value] of curve) {
        const seed = group.runs[r]?.result.seed ?? r;
        bySteps.set(step, [...(bySteps.get(step) ?? []), { seed, value }]);
      }
    });
    const at = [...bySteps].sort(([a], [b]) => a - b);
    series.push(...seriesOf(k === 0 ? 'with contrast' : 'without contrast', at));
  }
  if (series.length < 2) return undefined;
  return {
    name: 'figure-7-losses',
    svg: lineChart({
      title: "The generators' loss",
      xLabel: 'step',
      yLabel: 'L_GAN + λ_cycle·L_cyc',
      series,
    }),
    caption:
      'Figure 7. Loss of G and F with and without contrast: L_GAN + λ_cycle·L_cyc, the part ' +
      'of eq. (5) that both have; means of stretches of steps.',
  };
}

async function lossCurve(folder: string, { config }: RunResult): Promise<[number, number][]> {
  const lambda = config.stage1.lambdaCycle ?? 10;
  const points = (await readScalars(folder, STAGES)).flatMap(({ step, values }): [number, number][] => {
    const { gan, cycle } = values;
    return gan === undefined || cycle === undefined ? [] : [[step, gan + lambda * cycle]];
  });
  return smoothed(points, BUCKETS);
}

/** Share of queries found within a rank, one line for each method with the most labels. */
export function hitCurveFigure(groups: readonly Group[], area: string): Figure | undefined {
  const shown = groups.length > 0 ? mostLabelled(groups) : [];
  const series = shown.flatMap((group) =>
    seriesOf(
      queryName(group.method) +
        (group.method.strategy === 'none' ? '' : `, ${strategyName(group.method.strategy)}`),
      HIT_CURVE_RANKS.map((rank, k) => [
        Math.log10(rank),
        samplesOf(group, (result) => retrievalOf(result, area)?.hitCurve[k]),
      ]),
    ),
  );
  if (series.length === 0) return undefined;
  return {
    name: 'hit-curves',
    svg: lineChart({
      title: `Hit curves, ${area}`,
      xLabel: 'log10 of the rank (1, 10, 100 at 0, 1, 2)',
      yLabel: 'found within the rank, %',
      series,
      yRange: [0, 100],
    }),
    caption: `Hit curves (strict ranks), area "${area}".`,
  };
}

/** Table 4 as bars: R@1 by share of labels and strategy, for the kind of query with the most strategies. */
export function fractionFigure(groups: readonly Group[], area: string): Figure | undefined {
  const variant = groups.map(({ method }) => variantOf(method)).sort(byCount(groups))[0];
  const own = groups.filter(({ method }) => variantOf(method) === variant);
  const [first] = own;
  if (!first || own.length < 2) return undefined;
  const bars = fractionsOf(own).map((fraction) => ({
    name: fractionName(fraction),
    bars: strategiesOf(own).flatMap((strategy) =>
      own
        .filter(({ method }) => method.fraction === fraction && method.strategy === strategy)
        .flatMap((group) => {
          const samples = recallSamples(group, area);
          if (samples.length === 0) return [];
          const { mean, deviation } = spreadOf(samples);
          return [
            { name: strategyName(strategy), value: mean, ...(deviation !== undefined && { deviation }) },
          ];
        }),
    ),
  }));
  return {
    name: 'label-fractions',
    svg: barChart({
      title: `R@1 by share of labels, ${queryName(first.method)}`,
      yLabel: 'R@1, %',
      groups: bars,
    }),
    caption: `R@1 by share of labels and strategy: ${queryName(first.method)}, area "${area}".`,
  };
}

const CHANGES = [
  { kind: 'camera height', name: 'robustness-height', xLabel: 'error of the camera height, %' },
  { kind: 'slope', name: 'robustness-slope', xLabel: 'slope of the ground, degrees' },
  { kind: 'occlusion', name: 'robustness-occlusion', xLabel: 'ground hidden, %' },
] as const;

/** R@1 over the size of a change, a figure for each kind of change. */
export function robustnessFigures(groups: readonly Group[], area: string): Figure[] {
  const tested = testedGroups(groups);
  return CHANGES.flatMap(({ kind, name, xLabel }) => {
    const changes = changesOf(tested).flatMap((change) => {
      const parsed = parseChange(change);
      return parsed?.kind === kind ? [{ change, amount: parsed.amount }] : [];
    });
    if (changes.length === 0) return [];
    const series = tested.flatMap((group) => {
      const at = changes.map(({ change, amount }) => [amount, changedSamples(group, change)] as const);
      const all = [...at, [0, baseSamples(group, area)] as const].sort(([a], [b]) => a - b);
      return seriesOf(methodName(group.method), all);
    });
    return [
      {
        name,
        svg: lineChart({ title: `R@1 and ${kind}`, xLabel, yLabel: 'R@1, %', series, yRange: [0, 100] }),
        caption: `R@1 over ${xLabel}, area "${area}".`,
      },
    ];
  });
}
