// skyfix-train run: everything from a data set to a bundle and its figures, in one folder, continued wherever it stopped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../config/index.js';
import {
  lockFolder,
  openRunLog,
  openTrainingProgress,
  type RunResult,
  readRunResult,
  type TrainingProgress,
  writeEnvironment,
  writeTrainingReport,
} from '../runs/index.js';
import { evaluateRun } from './evaluate-run.js';
import { publishRun } from './publish.js';
import { writeRunBundle } from './run-bundle.js';
import { type RunContext, stepsDone } from './run-context.js';
import { claimFolder, removeHalfWritten } from './run-folder.js';
import { RESULT_FILE, resultOf, writeResult } from './run-result.js';
import { type LastStage, trainStages } from './train-stages.js';

export interface RunOptions {
  /** Asked after every step. */
  readonly shouldStop?: () => boolean;
  readonly progress?: TrainingProgress;
  /** Ends after this stage; all of them without it. */
  readonly until?: LastStage;
}

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
    return await runInFolder(config, dir, options);
  } finally {
    await unlock();
  }
}

async function runInFolder(
  config: RunConfig,
  dir: string,
  { until, progress = openTrainingProgress(), shouldStop = () => false }: RunOptions,
): Promise<RunResult | undefined> {
  await removeHalfWritten(dir);
  await writeEnvironment(dir);
  const resume = await stepsDone(dir);
  const log = await openRunLog(dir, { resume });
  const context: RunContext = { config, dir, resume, log, progress, shouldStop };
  try {
    const trained = await trainStages(context, until);
    if (!trained) return undefined;
    const figures = await evaluateRun(context, trained);
    const result = await resultOf(config, dir, trained.data, figures);
    const bundle = await writeRunBundle(context, trained, figures);
    await log.close();
    await writeTrainingReport(dir);
    if (config.publish) await publishRun(dir, config, config.publish, progress.work);
    await writeResult(dir, result, bundle);
    return result;
  } finally {
    await log.close().catch(() => {});
    progress.stop();
  }
}
