// skyfix-train run: everything from a data set to a bundle and its figures, in one folder, continued wherever it stopped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { inputOf, type RunConfig } from '../config/index.js';
import { encoderCost, generatorCost, meanQuality } from '../evaluation/index.js';
import { writeBundle } from '../export/index.js';
import type { PreparedArea } from '../images/index.js';
import type { ConvNext, Generator } from '../networks/index.js';
import {
  lockFolder,
  METRICS_FILE,
  openRunLog,
  openTrainingProgress,
  type RetrievalResult,
  type RunResult,
  readMetrics,
  readRunResult,
  readStageSeconds,
  type SelfTrainingUpdate,
  type TrainingProgress,
  timeStage,
  writeEnvironment,
  writeTrainingReport,
} from '../runs/index.js';
import { describe, loadCheckpointStep, viewsInMemory, type Window } from '../stages/index.js';
import { type ImageStore, imageOfStore, joinStores } from '../stores/index.js';
import { type AreaFigures, evaluateArea } from './evaluate-area.js';
import { meanImage } from './mean-image.js';
import { freshEncoder, profileOf } from './networks-of.js';
import { publishRun } from './publish.js';
import { measureRobustness } from './robustness.js';
import {
  openEvaluationArea,
  openTrainingData,
  openValidation,
  type TrainingData,
  trainingGeometry,
} from './run-data.js';
import { claimFolder, removeHalfWritten } from './run-folder.js';
import {
  checkpointPath,
  type RunContext,
  rawQueries,
  runGeneration,
  runLocalisation,
  runViews,
  type StageName,
} from './run-stages.js';
import { writeSheets } from './sheets.js';

export interface RunOptions {
  /** Asked after every step. */
  readonly shouldStop?: () => boolean;
  readonly progress?: TrainingProgress;
  /** Ends after this stage; all of them without it. */
  readonly until?: 'generation' | 'views' | 'encoder';
}

/** Written last: a run that has it is finished. */
const RESULT_FILE = 'result.json';
const STAGES: readonly StageName[] = ['generation', 'encoder'];

/**
 * Runs the stages that the folder has not done (none where the run is finished), evaluates, and writes bundle/,
 * result.json, report.md and sheets/. Throws TRAINING_CONFIG_INVALID where the folder belongs to another configuration or
 * another process trains in it, RunStopped where it was asked to stop, and what the stages throw; then the folder holds
 * everything up to the last checkpoint.
 */
export async function runTraining(
  config: RunConfig,
  dir: string,
  options: RunOptions = {},
): Promise<RunResult | undefined> {
  await claimFolder(config, dir);
  if (existsSync(join(dir, RESULT_FILE))) return readRunResult(dir);
  const unlock = await lockFolder(dir);
  try {
    return await runStages(config, dir, options);
  } finally {
    await unlock();
  }
}

async function runStages(
  config: RunConfig,
  dir: string,
  options: RunOptions,
): Promise<RunResult | undefined> {
  await removeHalfWritten(dir);
  await writeEnvironment(dir);
  const progress = options.progress ?? openTrainingProgress();
  const resume = Object.fromEntries(
    await Promise.all(
      STAGES.map(
        async (stage) => [stage, await loadCheckpointStep(checkpointPath(dir, stage, 'last'))] as const,
      ),
    ),
  );
  const log = await openRunLog(dir, { resume });
  const context: RunContext = {
    config,
    dir,
    resume,
    log,
    progress,
    shouldStop: options.shouldStop ?? (() => false),
  };
  try {
    const { own, encoder: data } = await openTrainingData(config, progress.work);
    const validation =
      config.stage3.validateEvery > 0 ? await openValidation(config, progress.work) : undefined;
    let made: MadeGenerator | undefined;
    let queries = rawQueries(config, data);
    if (config.queries === 'views') {
      const { generator, key } = await timeStage(dir, 'stage1', (clock) =>
        runGeneration({ ...context, clock }, own, validation),
      );
      made = { generator, key };
      if (options.until === 'generation') return undefined;
      queries = await timeStage(dir, 'stage2', () => runViews(context, generator, key, data));
      if (options.until === 'views') return undefined;
    }
    const validationSet = validation && {
      area: validation,
      queries: await queriesOf(context, made, validation),
    };
    const encoder = await timeStage(dir, 'stage3', (clock) =>
      runLocalisation({ ...context, clock }, data, queries, made?.key ?? config.queries, validationSet),
    );
    if (options.until === 'encoder') return undefined;
    const trained = { own, data, made, encoder };
    const { result, manifest } = await evaluateRun(context, trained);
    await log.close();
    await writeTrainingReport(dir);
    if (config.publish) await publishRun(dir, config, config.publish, progress.work);
    const text = `${JSON.stringify({ ...result, bundle: manifest.files }, null, 1)}\n`;
    await writeFileAtomic(join(dir, RESULT_FILE), text);
    return result;
  } finally {
    await log.close().catch(() => {});
    progress.stop();
  }
}

type MadeGenerator = Awaited<ReturnType<typeof runGeneration>>;

/** An area's places as the encoder sees them, with the margin that serving looks around in; views are written once. */
async function queriesOf(
  context: RunContext,
  made: MadeGenerator | undefined,
  area: PreparedArea,
): Promise<ImageStore> {
  return made ? runViews(context, made.generator, made.key, area) : rawQueries(context.config, area);
}

interface Trained {
  readonly own: TrainingData;
  readonly data: TrainingData;
  readonly made: MadeGenerator | undefined;
  readonly encoder: ConvNext;
}

async function evaluateRun(
  context: RunContext,
  { own, data, made, encoder }: Trained,
): Promise<{ readonly result: RunResult; readonly manifest: BundleManifest }> {
  const { config, dir, progress } = context;
  const generator = made?.generator;
  const seconds = await readStageSeconds(dir);
  const untrained = await freshEncoder(config);
  const embedWith = (network: ConvNext) => (images: ImageStore, window?: Window) =>
    describe(network, images, window ? { window } : {});
  const retrieval: RetrievalResult[] = [];
  let first:
    | {
        figures: AreaFigures;
        opened: Awaited<ReturnType<typeof openEvaluationArea>>;
        queries: ImageStore;
      }
    | undefined;
  let generation: RunResult['generation'];
  for (const area of config.evaluation.areas) {
    const opened = await openEvaluationArea(area, config, progress.work);
    const { prepared } = opened;
    const queries = await queriesOf(context, made, prepared);
    const trainedFigures = await evaluateArea(
      area.name,
      'trained',
      embedWith(encoder),
      queries,
      prepared,
      config.geometry,
    );
    const untrainedFigures = await evaluateArea(
      area.name,
      'untrained',
      embedWith(untrained),
      rawQueries(config, prepared), // what G is given: nothing in it was trained
      prepared,
      trainingGeometry(config), // in the middle only
    );
    retrieval.push(untrainedFigures.result, trainedFigures.result);
    if (!first) {
      first = { figures: trainedFigures, opened, queries };
      generation = await generationFigures(own, prepared, generator ? queries : undefined);
    }
  }
  untrained.params.dispose();
  if (!first) throw new Error('A run has an area to be measured on.');
  const { prepared, dataset } = first.opened;
  if (config.evaluation.sheets) {
    const queries = { bevs: prepared.bevs, ...(generator && { views: first.queries }) };
    await writeSheets(dir, prepared, dataset, queries, first.figures);
  }
  const robustness =
    config.evaluation.robustness && inputOf(config) === 'bev'
      ? await measureRobustness(
          dataset,
          prepared,
          trainingGeometry(config),
          async (bevs) => describe(encoder, generator ? await viewsInMemory(generator, bevs) : bevs),
          await describe(encoder, prepared.gallery),
          progress.work('robustness'),
        )
      : undefined;
  const profile = profileOf(config);
  const cost = {
    ...(generator && { generator: generatorCost(profile.generator) }),
    encoder: encoderCost(profile.encoder),
    queryMs: await medianQueryMs(encoder, generator, prepared),
    trainSeconds: Object.fromEntries(Object.entries(seconds).map(([stage, { total }]) => [stage, total])),
  };
  const result: RunResult = {
    schema: 'skyfix-run-result/1',
    run: `${config.name}-seed${config.seed}`,
    seed: config.seed,
    group: config.group,
    dataset: data.name,
    config: {
      ...config,
      stage1: {
        ...config.stage1,
        enabled: config.queries === 'views',
        source: config.stage1.input,
        residual: config.networks.generator.learnResidual ?? false,
      },
    },
    retrieval,
    ...(robustness && { robustness }),
    ...(generation && { generation }),
    cost,
    ...(config.selfTraining.strategy !== 'none' && { selfTraining: await updatesOf(dir) }),
  };
  const manifest = await writeRunBundle(config, dir, { own, data, made, encoder }, result);
  return { result, manifest };
}

async function generationFigures(
  own: TrainingData,
  area: PreparedArea,
  views: ImageStore | undefined,
): Promise<RunResult['generation']> {
  const sizePx = area.gallery.sizePx;
  const imageOf = (store: ImageStore) => (row: number) =>
    imageOfStore(store, row, (store.sizePx - sizePx) / 2);
  const tile = imageOf(area.tiles);
  function* besideTiles(image: (row: number) => RgbImage) {
    for (const row of area.ids.keys()) yield [image(row), tile(row)] as const;
  }
  const against = (store: ImageStore) => meanQuality(besideTiles(imageOf(store)));
  const mean = meanImage(own.gallery, sizePx);
  return {
    ...(views && { view: await against(views) }),
    bev: await against(area.bevs),
    ...(area.panoramas && { panorama: await against(area.panoramas) }),
    meanTile: await meanQuality(besideTiles(() => mean)),
  };
}

/** What the networks take for one query, in the training runtime: median of 9. */
async function medianQueryMs(
  encoder: ConvNext,
  generator: Generator | undefined,
  area: PreparedArea,
): Promise<number> {
  const one = joinStores(area.gallery);
  const times: number[] = [];
  for (let k = 0; k < 9; k++) {
    const query = {
      ...one,
      count: 1,
      read: (_: number, out: Uint8Array, at?: number) => one.read(k % one.count, out, at),
    };
    const started = performance.now();
    await describe(encoder, generator ? await viewsInMemory(generator, query) : query);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[4] ?? Number.NaN;
}

async function updatesOf(dir: string): Promise<SelfTrainingUpdate[]> {
  const lines = await readMetrics(join(dir, METRICS_FILE));
  return lines.flatMap((line) =>
    line.kind === 'self-training' && 'data' in line ? [line.data] : [],
  ) as unknown as SelfTrainingUpdate[];
}

async function writeRunBundle(
  config: RunConfig,
  dir: string,
  { own, data, made, encoder }: Trained,
  result: RunResult,
): Promise<BundleManifest> {
  const generator = made?.generator;
  const { bundle, geometry, name } = config;
  const { weights: _, ...encoderSizes } = config.networks.encoder;
  return writeBundle(join(dir, 'bundle'), {
    name: bundle.name,
    version: bundle.version,
    profile: name,
    input: inputOf(config),
    geometry,
    ...(generator && { generator: { params: generator.params.toArrays(), config: generator.config } }),
    encoder: { params: encoder.params.toArrays(), config: encoder.config },
    training: {
      generatorData: generator ? `${own.name}, ${own.ids.length} places` : null,
      encoderData: `${data.name}, ${data.ids.length} places`,
      dataSha256: sha256OfBytes(data.digest),
      config: { ...config, networks: { ...config.networks, encoder: encoderSizes } },
    },
    metrics: {
      retrieval: result.retrieval.map(({ confusion: __, ...rest }) => rest),
      ...(result.generation && { generation: result.generation }),
      ...(result.robustness && { robustness: result.robustness }),
    },
    ...(bundle.safetensors && { safetensors: 'timm' as const }),
  });
}
