// Stage 3 of a run: the encoder, continued from its checkpoint.
import type { RunConfig } from '../config/index.js';
import { recallOf, strictRanks } from '../evaluation/index.js';
import type { PreparedArea } from '../images/index.js';
import { describe, loadEncoder, trainEncoder, type Validation } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';
import { freshEncoder, type RunEncoder, startingHead } from './encoder-of.js';
import { profileOf } from './networks-of.js';
import { checkpointPath, hooksOf, keyOf, type RunContext, stepsOf, tilesOf } from './run-context.js';
import type { TrainingData } from './run-data.js';

/** Stage 3. `queries` are the rows of the data as the encoder sees them. */
export async function runEncoder(
  context: RunContext,
  data: TrainingData,
  queries: ImageStore,
  queriesKey: (config: RunConfig) => string,
  validation: { readonly area: PreparedArea; readonly queries: ImageStore } | undefined,
): Promise<RunEncoder> {
  const { config, log, dir } = context;
  const { stage3, selfTraining, seed, runtime, networks } = config;
  const { steps: _, epochs: __, validateEvery, ...options } = stage3;
  const steps = stepsOf(stage3, data);
  const head = await startingHead(context, [queries, data.tiles]);
  const encoder = await freshEncoder(config, head);
  const keys = [config, ...context.earlier].map((one) => encoderKey(one, data, queriesKey(one))) as [
    string,
    ...string[],
  ];
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
      lookAlikes: data.lookAlikes,
      samePlace: data.samePlace,
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
      ...hooksOf(context, 'encoder', keys, measured),
      onSelfTraining: (report) => {
        // It belongs to the step that it is done for: a checkpoint of the step before does not hold it.
        log.event('encoder', report.iteration + 1, 'self-training', { ...report });
      },
    },
  );
  if (measured) await loadEncoder(checkpointPath(dir, 'encoder', 'best'), keys, encoder, stage3.emaDecay);
  return encoder;
}

/** What the encoder depends on. */
function encoderKey(config: RunConfig, data: TrainingData, queriesKey: string): string {
  const { networks, stage3, selfTraining, seed } = config;
  const { mix, ...rules } = selfTraining;
  return keyOf([
    profileOf(config).encoder,
    networks.encoder,
    stage3,
    mix === 'half' ? rules : selfTraining, // which it is when absent
    seed,
    stepsOf(stage3, data),
    queriesKey,
    data.digest,
    ...(data.samePlace.some((rows) => rows.length > 0) ? [data.samePlace] : []),
  ]);
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

async function recallAtOne(encoder: RunEncoder, area: PreparedArea, queries: ImageStore): Promise<number> {
  const ranks = strictRanks(
    await describe(encoder, queries),
    await describe(encoder, area.gallery),
    area.tileOf,
  );
  return recallOf(ranks, area.gallery.count).at1;
}
