// Stage 1 of a run: the generator, continued from its checkpoint.
import type { RunConfig } from '../config/index.js';
import { spreadEvenly } from '../drawing/index.js';
import { meanQuality } from '../evaluation/index.js';
import { inputsOf, type PreparedArea } from '../images/index.js';
import type { Generator } from '../networks/index.js';
import { type RunLog, sampleGrid } from '../runs/index.js';
import { eachView, loadParts, trainGenerator, viewsInMemory } from '../stages/index.js';
import { type ImageStore, imageOfStore, selectStore } from '../stores/index.js';
import { contrastTrunkOf, openContrastTrunk } from './contrast-trunk.js';
import { generatorStart, profileOf } from './networks-of.js';
import { checkpointPath, hooksOf, keyOf, type RunContext, stepsOf, tilesOf } from './run-context.js';
import type { TrainingData } from './run-data.js';

/** Rows of a sample grid, spread over the data. */
const SAMPLES = 4;
/** Between two sample grids of stage 1, as a share of its steps. */
const SAMPLES_A_RUN = 10;

/** G as stage 1 made it. */
export interface MadeGenerator {
  readonly generator: Generator;
  /** What it depends on. */
  readonly key: string;
}

/** Stage 1. G sees labelled pairs only, unless the configuration says all. */
export async function runGeneration(
  context: RunContext,
  own: TrainingData,
  validation: PreparedArea | undefined,
): Promise<MadeGenerator> {
  const { config, log, dir } = context;
  const { stage1, seed, runtime } = config;
  const { steps: _, epochs: __, input, pairs, ...options } = stage1;
  const rows = own.ids.length;
  const steps = stepsOf(stage1, own);
  const labels = pairs === 'all' ? own.labels.allVisible() : own.labels;
  const inputs = inputsOf(own, input);
  const profile = profileOf(config);
  const keys = [config, ...context.earlier].map((one) => generationKey(one, own)) as [string, ...string[]];
  const [key] = keys;
  let g: Generator | undefined;
  const spread = spreadEvenly(Math.min(rows, inputs.count), SAMPLES);
  const every = Math.max(1, Math.floor(steps / SAMPLES_A_RUN));
  const measured = validation && {
    every,
    measure: async () => -(await viewError(g as Generator, validation, input)),
  };
  const hooks = hooksOf(context, 'generation', keys, config.stage3.validateEvery > 0 ? measured : undefined);
  const pending: Promise<void>[] = [];
  const start = await generatorStart(config);
  const trunk = await openContrastTrunk(config);
  const training = trainGenerator(
    profile,
    { inputs, panorama: input === 'panorama', ...tilesOf(own), labels },
    { ...options, seed: seed + 1_000, steps, loader: { threads: runtime.loaderThreads } },
    {
      ...hooks,
      onStep: (report) => {
        hooks.onStep?.(report);
        if (g && (report.step % every === 0 || report.step === steps)) {
          const written = writeSamples(log, report.step, g, inputs, spread);
          written.catch(() => {}); // told where it is awaited
          pending.push(written);
        }
      },
    },
    {
      ...(start && { start }),
      ...(trunk && { patches: trunk.patches }),
      onGenerator: (made) => {
        g = made;
      },
    },
  );
  // The log stays open until its images are written, also where the stage was stopped or failed.
  const result = await training.finally(() => Promise.allSettled(pending)).finally(() => trunk?.dispose());
  await Promise.all(pending);
  if (result.best && hooks.validation) {
    await loadParts(checkpointPath(dir, 'generation', 'best'), keys, { gParams: result.generator.params });
  }
  return { generator: result.generator, key };
}

/** What G depends on: nothing of the run's name and its later stages, so that runs that differ in these may share a stage 1. */
export function generationKey(config: RunConfig, own: Pick<TrainingData, 'ids' | 'digest'>): string {
  const { generator, discriminator, contrast } = profileOf(config);
  const { stage1, seed, networks } = config;
  const { weights } = networks.generator;
  const steps = stepsOf(stage1, own);
  const trunk = stage1.contrast.features === 'trunk' ? [contrastTrunkOf(config)] : [];
  return keyOf([generator, discriminator, contrast, stage1, seed, steps, own.digest, weights, ...trunk]);
}

/** Mean RMSE of views against their tiles; lower is better. */
async function viewError(g: Generator, area: PreparedArea, input: 'bev' | 'panorama'): Promise<number> {
  const inputs = inputsOf(area, input);
  const marginPx = (area.tiles.sizePx - inputs.sizePx) / 2;
  async function* pairs() {
    let row = 0;
    for await (const view of eachView(g, inputs)) {
      yield [view, imageOfStore(area.tiles, row++, marginPx)] as const;
    }
  }
  return (await meanQuality(pairs())).rmse;
}

async function writeSamples(
  log: RunLog,
  step: number,
  g: Generator,
  inputs: ImageStore,
  rows: readonly number[],
): Promise<void> {
  const asked = selectStore(inputs, rows);
  const views = await viewsInMemory(g, asked);
  const samples = rows.map((_, k) => [imageOfStore(asked, k), imageOfStore(views, k)]);
  await log.images('generation/views', step, sampleGrid(samples, { labels: ['input', 'view'] }));
}
