// What the stages of a run share: its configuration, folder, log and progress, and where each keeps its checkpoints.
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import { inputOf, type RunConfig, type Stage1Config, type Stage3Config } from '../config/index.js';
import { inputsOf, type PreparedArea } from '../images/index.js';
import type { RunLog, StageClock, TrainingProgress } from '../runs/index.js';
import { loadCheckpointStep, type StageHooks, type Validation } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';
import type { OpenSource } from './open-source.js';
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
  /** Configurations with shorter stages whose checkpoints are gone on from, newest first. */
  readonly earlier: readonly RunConfig[];
  /** Opens a data set; each is opened once. */
  readonly open: OpenSource;
  /** How long a step waited for its batch. */
  readonly clock?: StageClock;
}

/** The stages that have checkpoints. */
export const STAGES = ['generation', 'encoder'] as const;
export type StageName = (typeof STAGES)[number];

/** What a stage's checkpoint depends on; behind it the same of shorter stages that it may go on from. */
export type StageKeys = readonly [string, ...string[]];

/** What a checkpoint or a file of views depends on, as one name. */
export const keyOf = (value: unknown): string => sha256OfBytes(JSON.stringify(value));

/**
 * Steps of a stage. Its epochs count all rows of its data, labelled or not, in stage 3 too, where batches without
 * pseudo-labels are of labelled rows alone: few labels make an epoch no shorter. Else the paper's 50 epochs at 1 % of the
 * labels would be 100 steps, with an update of the pseudo-labels every 50.
 */
export function stepsOf(stage: Stage1Config | Stage3Config, { ids }: Pick<TrainingData, 'ids'>): number {
  return stage.steps ?? (stage.epochs as number) * Math.max(1, Math.floor(ids.length / stage.batch));
}

/** The folder of checkpoints in a run's folder. */
export const CHECKPOINTS = 'checkpoints';

export function checkpointPath(dir: string, stage: StageName, kind: 'last' | 'best'): string {
  return join(dir, CHECKPOINTS, `${stage}-${kind}.bin`);
}

/** How many steps each stage's last checkpoint in a run's folder has done; 0 without one. Throws DATASET_INVALID. */
export async function stepsDone(dir: string): Promise<Readonly<Record<StageName, number>>> {
  const [generation = 0, encoder = 0] = await Promise.all(
    STAGES.map((stage) => loadCheckpointStep(checkpointPath(dir, stage, 'last'))),
  );
  return { generation, encoder };
}

/** Where a stage keeps its checkpoints, and who hears of its progress. */
export function hooksOf(
  { config, dir, resume, log, progress, shouldStop, clock }: RunContext,
  stage: StageName,
  [key, ...formerKeys]: StageKeys,
  validation?: Validation,
): StageHooks {
  const tell = progress.steps(stage);
  return {
    checkpoint: checkpointPath(dir, stage, 'last'),
    best: checkpointPath(dir, stage, 'best'),
    key,
    formerKeys,
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

/** What stages 1 and 3 train on beside their ground images. */
export const tilesOf = ({ tiles, gallery, marginPx }: TrainingData) => ({ tiles, gallery, marginPx });

/** Ground images of some data as they are given to a generator, or to an encoder without one. */
export type Ground = Pick<TrainingData | PreparedArea, 'bevs' | 'panoramas' | 'digest'>;

/** What a run's networks are given: raw panoramas or BEVs, before a generator has changed them. */
export function rawQueries(config: RunConfig, data: Ground): ImageStore {
  return inputsOf(data, inputOf(config));
}
