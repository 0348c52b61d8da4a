// Run folders for tests of the report: result.json, metrics.jsonl and sheets with numbers that the test chooses.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { chanceOf } from '../../evaluation/retrieval.js';
import type { ReportedConfig, RetrievalResult, RunResult, SelfTrainingUpdate } from '../../runs/result.js';

export interface FixtureRun {
  readonly group: string;
  readonly seed: number;
  readonly config: ReportedConfig;
  readonly at1: number;
  readonly extra?: Partial<RunResult>;
  /** Lines of metrics.jsonl. */
  readonly metrics?: readonly string[];
  readonly sheets?: readonly string[];
}

/** A configuration, with what a resolved one has besides. */
export function configOf(
  queries: ReportedConfig['queries'],
  options: {
    readonly contrast?: boolean;
    readonly source?: 'bev' | 'panorama';
    readonly pairs?: 'labelled' | 'all';
    readonly fraction?: number;
    readonly strategy?: string;
  } = {},
): ReportedConfig {
  const { contrast = false, source = 'bev', pairs = 'labelled', fraction = 1, strategy = 'none' } = options;
  const lambdaContrast = contrast ? 2 : 0;
  return {
    queries,
    stage1: { enabled: queries === 'views', pairs, lambdaContrast, lambdaCycle: 10, source },
    labels: { fraction },
    selfTraining: { strategy },
    stage3: { loss: 'infoNce', steps: 900 } as { loss: string },
  };
}

/** Strict figures of an area of 391 tiles with the given R@1. */
export function retrieval(area: string, model: 'trained' | 'untrained', at1: number): RetrievalResult {
  const at = (k: number) => Math.min(100, at1 + k);
  return {
    area,
    model,
    paired: { queries: 391, gallery: 391, at1, at5: at(10), at10: at(15), at1Percent: at(7) },
    chance: chanceOf(391),
    // Results of before had none.
    ...(model === 'trained' && {
      pairedDistance: {
        ...{ queries: 391, gallery: 391, medianErrorM: 7 },
        ...{ within5M: at1, within25M: at(1), within50M: at(2) },
      },
    }),
    grid: { queries: 391, gallery: 4000, medianErrorM: 12, within5M: 20, within25M: at1 / 2, within50M: 70 },
    hitCurve: [at1, at(5), at(10), at(15), at(18), at(20), at(22)],
    byDistrict: {
      'old town': { queries: 91, at1: Math.max(0, at1 - 4) },
      park: { queries: 300, at1: at(2) },
    },
    confusion: {
      districts: ['old town', 'park'],
      counts: [
        [70, 21],
        [30, 270],
      ],
    },
  };
}

export function resultOf({ group, seed, config, at1, extra }: FixtureRun): RunResult {
  return {
    schema: 'skyfix-run-result/1',
    run: `seed${seed}-${group}`,
    seed,
    group,
    dataset: 'procedural town',
    config,
    retrieval: [retrieval('test', 'trained', at1), retrieval('test', 'untrained', 1.5)],
    ...extra,
  };
}

/** Writes the run's folder and returns its path. */
export async function writeRun(root: string, run: FixtureRun): Promise<string> {
  const folder = join(root, `seed${run.seed}-${run.group}`);
  await mkdir(join(folder, 'sheets'), { recursive: true });
  await writeFile(join(folder, 'result.json'), JSON.stringify(resultOf(run)));
  if (run.metrics) await writeFile(join(folder, 'metrics.jsonl'), run.metrics.join('\n'));
  for (const sheet of run.sheets ?? []) {
    await writeFile(join(folder, 'sheets', `${sheet}.png`), await encodePng(plain(8, 8, [1, 2, 3])));
  }
  return folder;
}

/** An image of one colour. */
export function plain(
  widthPx: number,
  heightPx: number,
  colour: readonly [number, number, number],
): RgbImage {
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let k = 0; k < data.length; k++) data[k] = colour[k % 3] as number;
  return { widthPx, heightPx, data };
}

/** Lines of stage 1's metrics: L_GAN + 10 L_cyc is `start` at first and falls to a tenth. */
export function lossLines(steps: number, start: number): string[] {
  return Array.from({ length: steps }, (_, step) => {
    const loss = start * 0.1 ** (step / steps);
    const values = { gan: loss / 2, cycle: loss / 20, contrast: 5 };
    return JSON.stringify({ stage: 'stage1', step: step + 1, kind: 'scalars', values });
  });
}

/** Three updates of a strategy: fewer and more precise. */
export function updates(precisions: readonly (number | null)[], lambda = true): SelfTrainingUpdate[] {
  return precisions.map((share, k) => ({
    iteration: 100 + 50 * k,
    threshold: 0.7 + 0.1 * k,
    lambda: lambda ? 0.5 * 0.9 ** (k * 10) : null,
    candidates: 800,
    selected: 400 - 100 * k,
    correct: share === null ? null : Math.round(share * (400 - 100 * k)),
    precision: share,
  }));
}

const TRAIN = { stage1: 600, stage3: 780 };
const COST = {
  generator: { parameters: 500_000, flops: 2e9 },
  encoder: { parameters: 2_000_000, flops: 1e9 },
  queryMs: 21,
  trainSeconds: TRAIN,
};

/** Three seeds of the whole matrix of a small town; R@1 is the base's plus 0, 1 and 2. */
export function matrix(): FixtureRun[] {
  const seeds = [1, 2, 3];
  const all = (group: string, config: ReportedConfig, base: number, more: Partial<FixtureRun> = {}) =>
    seeds.map((seed): FixtureRun => ({ group, seed, config, at1: base + seed - 1, ...more }));
  const quality = (psnrDb: number, ssim: number, rmse: number) => ({ psnrDb, ssim, rmse });
  const generation = (view: ReturnType<typeof quality>) => ({
    view,
    bev: quality(14, 0.3, 52),
    panorama: quality(9, 0.1, 90),
    meanTile: quality(17.2, 0.25, 36),
  });
  const robustness = (base: number) => [
    { change: 'camera height +5 %', at1: base - 1 },
    { change: 'camera height +15 %', at1: base - 10 },
    { change: 'camera height -20 %', at1: base - 12 },
    { change: 'slope 10°', at1: base - 20 },
    { change: 'occlusion 20 %', at1: base - 6 },
  ];
  const few = (strategy: string) => configOf('bev', { fraction: 0.1, strategy });
  return [
    ...all('panorama', configOf('panorama'), 20),
    ...all('bev', configOf('bev'), 70),
    ...all('cyclegan', configOf('views', { source: 'panorama' }), 25, {
      extra: { generation: generation(quality(12, 0.15, 66)) },
    }),
    ...all('bev-cyclegan', configOf('views'), 71.5, {
      extra: {
        generation: generation(quality(16.5, 0.33, 40)),
        cost: { ...COST, trainSeconds: { stage1: 480, stage3: 780 } },
      },
      metrics: lossLines(300, 8),
    }),
    ...all('full', configOf('views', { contrast: true }), 75, {
      extra: {
        generation: generation(quality(17.5, 0.36, 35)),
        cost: COST,
        robustness: robustness(75),
      },
      metrics: lossLines(300, 6),
      sheets: ['triples', 'top5'],
    }),
    ...all('bev-10-none', few('none'), 40),
    ...all('bev-10-fixed', few('fixed'), 41.5, { extra: { selfTraining: updates([0.6, 0.65, 0.7], false) } }),
    ...all('bev-10-dynamic', few('dynamic'), 45, { extra: { selfTraining: updates([0.7, 0.85, 0.95]) } }),
    ...all(
      'full-10-dynamic',
      configOf('views', { contrast: true, fraction: 0.1, strategy: 'dynamic', pairs: 'all' }),
      52,
    ),
  ];
}
