// The three stages of a run, one after the other; each does what its checkpoint has not done.
import type { RunConfig } from '../config/index.js';
import { timeStage } from '../runs/index.js';
import type { RunEncoder } from './encoder-of.js';
import { runEncoder } from './encoder-stage.js';
import { generationKey, type MadeGenerator, runGeneration } from './generation-stage.js';
import { type FittedEncoder, runHead } from './head-stage.js';
import type { RunContext } from './run-context.js';
import { openTrainingData, openValidation, type TrainingData } from './run-data.js';
import { queriesOf } from './views-stage.js';

/** A stage after which a run may end. */
export type LastStage = 'generation' | 'views' | 'encoder';

/** What the stages leave for evaluation and the bundle. */
export interface Trained {
  /** What stage 1 saw. */
  readonly own: TrainingData;
  /** What the encoder saw: that, and the data for it alone. */
  readonly data: TrainingData;
  /** Absent where the encoder sees BEVs or panoramas themselves. */
  readonly made: MadeGenerator | undefined;
  readonly encoder: RunEncoder;
  /** Where the encoder's head was fitted: the training-free grid, and arrays of what it was fitted to. */
  readonly fit?: FittedEncoder['fit'];
}

/** Undefined where the run was to end after a stage. */
export async function trainStages(
  context: RunContext,
  until: LastStage | undefined,
): Promise<Trained | undefined> {
  const { config, dir, progress, open } = context;
  const { own, encoder: data, parts } = await openTrainingData(config, open, progress.work);
  const { head } = config.stage3;
  if (head) {
    const fitted = await timeStage(dir, 'stage3', () => runHead(context, parts, head));
    return until === 'encoder' ? undefined : { own, data, made: undefined, ...fitted };
  }
  const area =
    config.stage3.validateEvery > 0 ? await openValidation(config, open, progress.work) : undefined;

  const made =
    config.queries === 'views'
      ? await timeStage(dir, 'stage1', (clock) => runGeneration({ ...context, clock }, own, area))
      : undefined;
  if (made && until === 'generation') return undefined;

  const views = () => queriesOf(context, made, data);
  const queries = made ? await timeStage(dir, 'stage2', views) : await views();
  if (made && until === 'views') return undefined;

  const validation = area && { area, queries: await queriesOf(context, made, area) };
  const queriesKey = (one: RunConfig) => (made ? generationKey(one, own) : one.queries);
  const encoder = await timeStage(dir, 'stage3', (clock) =>
    runEncoder({ ...context, clock }, data, queries, queriesKey, validation),
  );
  return until === 'encoder' ? undefined : { own, data, made, encoder };
}
