// The three stages of a run, each continued from its checkpoint: generation, views, localisation.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import { inputOf, type RunConfig, type Stage1Config, type Stage3Config } from '../config/index.js';
import { spreadEvenly } from '../drawing/index.js';
import { meanQuality, recallOf, strictRanks } from '../evaluation/index.js';
import { inputsOf, type PreparedArea } from '../images/index.js';
import type { ConvNext, Generator } from '../networks/index.js';
import type { RunLog, StageClock, TrainingProgress } from '../runs/index.js';
import { sampleGrid } from '../runs/index.js';
import {
  describe,
  eachView,
  loadBestEncoder,
  loadParts,
  type StageHooks,
  trainEncoder,
  trainGenerator,
  type Validation,
  viewsInMemory,
  writeViews,
} from '../stages/index.js';
import { fileStore, type ImageStore, imageOfStore, selectStore } from '../stores/index.js';
import { freshEncoder, generatorStart, profileOf } from './networks-of.js';
import type { TrainingData } from './run-data.js';

/** What the stages of a run share. */
export interface RunContext {
  readonly config: RunConfig;
  readonly dir: string;
  /** Steps that each stage's checkpoint has done; the log was taken back to them. */
  readonly resume: Readonly<Record<string, number>>;
  readonly log: RunLog;
  readonly progress: TrainingProgress;
  readonly shouldStop: () => boolean;
  /** How long a step waited for its batch. */
  readonly clock?: StageClock;
}

export type StageName = 'generation' | 'encoder';

/** Rows of a sample grid, spread over the data. */
const SAMPLES = 4;
/** Between two sample grids of stage 1, as a share of its steps. */
const SAMPLES_A_RUN = 10;

const keyOf = (value: unknown): string => sha256OfBytes(JSON.stringify(value));

/**
 * Steps of a stage. Its epochs count all rows of its data, labelled or not, in stage 3 too, where batches without
 * pseudo-labels are of labelled rows alone: few labels make an epoch no shorter. Else the paper's 50 epochs at 1 % of the
 * labels would be 100 steps, with an update of the pseudo-labels every 50.
 */
export function stepsOf(stage: Stage1Config | Stage3Config, { ids }: Pick<TrainingData, 'ids'>): number {
  return stage.steps ?? (stage.epochs as number) * Math.max(1, Math.floor(ids.length / stage.batch));
}

export function checkpointPath(dir: string, stage: StageName, kind: 'last' | 'best'): string {
  return join(dir, 'checkpoints', `${stage}-${kind}.bin`);
}

function hooksOf(
  { config, dir, resume, log, progress, shouldStop, clock }: RunContext,
  stage: StageName,
  key: string,
  validation?: Validation,
): StageHooks {
  const tell = progress.steps(stage);
  return {
    checkpoint: checkpointPath(dir, stage, 'last'),
    best: checkpointPath(dir, stage, 'best'),
    key,
    checkpointEvery: config.checkpointEvery,
    ...(validation && { validation }),
    shouldStop,
    ...(clock && { onWait: clock.waited }),
    onStart: (step) => {
      if (step === (resume[stage] ?? 0)) return;
      const path = checkpointPath(dir, stage, 'last');
      throw new SkyfixError(
        'DATASET_INVALID',
        `${path} was made with other data: they have changed since. Use another folder, or remove this one.`,
      );
    },
    onStep: (report) => {
      log.scalars(stage, report.step, report.losses);
      tell(report);
    },
    onValidation: (step, value, best) => log.event(stage, step, 'validation', { value, best }),
    onCheckpoint: () => {
      log.flush();
      return clock?.note();
    },
  };
}

/** Stage 1. G saw labelled pairs only, unless the configuration says all. */
export async function runGeneration(
  context: RunContext,
  own: TrainingData,
  validation: PreparedArea | undefined,
): Promise<{ readonly generator: Generator; readonly key: string }> {
  const { config, log, dir } = context;
  const { stage1, seed, runtime } = config;
  const { steps: _, epochs: __, input, pairs, ...options } = stage1;
  const rows = own.ids.length;
  const steps = stepsOf(stage1, own);
  const labels = pairs === 'all' ? own.labels.allVisible() : own.labels;
  const inputs = inputsOf(own, input);
  const profile = profileOf(config);
  // Nothing of the run's name and its later stages: runs that differ in these may share a stage 1.
  const { generator, discriminator, contrast } = profile;
  const { weights } = config.networks.generator;
  const key = keyOf([generator, discriminator, contrast, stage1, seed, steps, own.digest, weights]);
  let g: Generator | undefined;
  const spread = spreadEvenly(Math.min(rows, inputs.count), SAMPLES);
  const every = Math.max(1, Math.floor(steps / SAMPLES_A_RUN));
  const measured = validation && {
    every,
    measure: async () => -(await viewError(g as Generator, validation, input)),
  };
  const hooks = hooksOf(context, 'generation', key, config.stage3.validateEvery > 0 ? measured : undefined);
  const pending: Promise<void>[] = [];
  const start = await generatorStart(config);
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
      onGenerator: (made) => {
        g = made;
      },
    },
  );
  // The log stays open until its images are written, also where the stage was stopped or failed.
  const result = await training.finally(() => Promise.allSettled(pending));
  await Promise.all(pending);
  if (result.best && hooks.validation) {
    await loadParts(checkpointPath(dir, 'generation', 'best'), key, { gParams: result.generator.params });
  }
  return { generator: result.generator, key };
}

const tilesOf = ({ tiles, gallery, marginPx }: TrainingData) => ({ tiles, gallery, marginPx });

/** Ground images of some data as they are given to a generator, or to an encoder without one. */
type Ground = Pick<TrainingData | PreparedArea, 'bevs' | 'panoramas' | 'digest'>;

/** What a run's networks are given: raw panoramas or BEVs, before a generator has changed them. */
export function rawQueries(config: RunConfig, data: Ground): ImageStore {
  return inputsOf(data, inputOf(config));
}

/** Mean RMSE of views against their tiles; lower is better. */
async function viewError(g: Generator, area: PreparedArea, input: 'bev' | 'panorama'): Promise<number> {
  const inputs = inputsOf(area, input);
  const margin = (area.tiles.sizePx - inputs.sizePx) / 2;
  async function* pairs() {
    let row = 0;
    for await (const view of eachView(g, inputs)) {
      yield [view, imageOfStore(area.tiles, row++, margin)] as const;
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
  await log.images('generation/views', step, await sampleGrid(samples, { labels: ['input', 'view'] }));
}

/** Stage 2: the view of every ground image of some data, written into the run's folder once. */
export async function runViews(
  { dir, progress, config }: Pick<RunContext, 'dir' | 'progress' | 'config'>,
  generator: Generator,
  generatorKey: string,
  data: Ground,
): Promise<ImageStore> {
  const inputs = inputsOf(data, config.stage1.input);
  const path = join(dir, 'views', `${keyOf([generatorKey, data.digest]).slice(0, 24)}.images`);
  if (existsSync(path)) return fileStore(path);
  return writeViews(generator, inputs, path, progress.work('views'));
}

/** Stage 3. `queries` are the rows of the data as the encoder sees them. */
export async function runLocalisation(
  context: RunContext,
  data: TrainingData,
  queries: ImageStore,
  queriesKey: string,
  validation: { readonly area: PreparedArea; readonly queries: ImageStore } | undefined,
): Promise<ConvNext> {
  const { config, log, dir } = context;
  const { stage3, selfTraining, seed, runtime, networks } = config;
  const { steps: _, epochs: __, validateEvery, ...options } = stage3;
  const steps = stepsOf(stage3, data);
  const encoder = await freshEncoder(config);
  const key = keyOf([
    profileOf(config).encoder,
    networks.encoder,
    stage3,
    selfTraining,
    seed,
    steps,
    queriesKey,
    data.digest,
    ...(data.close.some((rows) => rows.length > 0) ? [data.close] : []),
  ]);
  const measured: Validation | undefined =
    validation && validateEvery > 0
      ? { every: validateEvery, measure: () => recallAtOne(encoder, validation.area, validation.queries) }
      : undefined;
  await trainEncoder(
    encoder,
    {
      queries,
      panorama: config.queries === 'panorama',
      ...tilesOf(data),
      labels: data.labels,
      near: data.near,
      close: data.close,
    },
    {
      ...options,
      seed,
      steps,
      dropPath: networks.encoder.dropPath,
      loader: { threads: runtime.loaderThreads },
      ...(selfTraining.strategy !== 'none' && { selfTraining: selfTrainingOptions(selfTraining) }),
    },
    {
      ...hooksOf(context, 'encoder', key, measured),
      onSelfTraining: (report) => {
        // It belongs to the step that it is done for: a checkpoint of the step before does not hold it.
        log.event('encoder', report.iteration + 1, 'self-training', { ...report });
      },
    },
  );
  if (measured) await loadBestEncoder(checkpointPath(dir, 'encoder', 'best'), key, encoder, stage3.emaDecay);
  return encoder;
}

function selfTrainingOptions(selfTraining: RunConfig['selfTraining']) {
  const { strategy, warmupShare, every, sample, candidates, mix, unique, bins, cap } = selfTraining;
  const { lambda0, gamma, decayShare, threshold } = selfTraining;
  const rule = { ...(threshold !== undefined && { threshold }), unique };
  const named = strategy === 'none' ? 'fixed' : strategy;
  return {
    strategy:
      named === 'dynamic'
        ? { name: named, unique, bins, cap, initial: lambda0, gamma, decayShare }
        : { name: named, ...rule },
    warmupShare,
    every,
    sample,
    candidates,
    ...(mix && { mix }),
  };
}

async function recallAtOne(encoder: ConvNext, area: PreparedArea, queries: ImageStore): Promise<number> {
  const ranks = strictRanks(
    await describe(encoder, queries),
    await describe(encoder, area.gallery),
    area.tileOf,
  );
  return recallOf(ranks, area.gallery.count).at1;
}
