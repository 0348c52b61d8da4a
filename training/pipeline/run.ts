// skyfix-train run: everything from a data set to a bundle and its figures, in one folder, continued wherever it stopped.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, writeFileAtomic } from 'skyfix/files';
import type { RunConfig } from '../config/index.js';
import {
  openRunLog,
  openTrainingProgress,
  type RunLog,
  type RunResult,
  readRunResult,
  type TrainingProgress,
  writeEnvironment,
  writeTrainingReport,
} from '../runs/index.js';
import { RunStopped } from '../stages/index.js';
import { carriedView, withCarriedView } from './bundle-view.js';
import { evaluateRun } from './evaluate-run.js';
import { sourceOpener } from './open-source.js';
import { publishRun } from './publish.js';
import { writeRunBundle } from './run-bundle.js';
import { checkRun } from './run-checks.js';
import { type RunContext, stepsDone } from './run-context.js';
import { openEvaluationAreas } from './run-data.js';
import { claimFolder, removeHalfWritten } from './run-folder.js';
import { RESULT_FILE, resultOf, writeResult } from './run-result.js';
import { type LastStage, trainStages } from './train-stages.js';

export interface RunOptions {
  /** Asked after every step. */
  readonly shouldStop?: () => boolean;
  readonly progress?: TrainingProgress;
  /** Ends after this stage; all of them without it. */
  readonly until?: LastStage;
  /** Hears what a person should know of the folder and the data. */
  readonly tell?: (note: string) => void;
}

/** Of a start that failed, in the run's folder: the error with its stack. */
const FAILURE_FILE = 'failure.txt';
/** A step may keep the process from telling that it lives for so long. */
const SILENT_MS = 30 * 60_000;

/**
 * Runs the stages that the folder has not done (none where the run is finished), writes bundle/, evaluates, and writes
 * result.json, report.md and sheets/. Throws TRAINING_CONFIG_INVALID where the folder belongs to another configuration,
 * FOLDER_BUSY where another process trains in it, RunStopped where it was asked to stop, and what the stages throw; then the
 * folder holds everything up to the last checkpoint, and failure.txt says why.
 */
export async function runTraining(
  config: RunConfig,
  dir: string,
  options: RunOptions = {},
): Promise<RunResult | undefined> {
  const { tell = () => {} } = options;
  await mkdir(dir, { recursive: true });
  const onWait = (owner: string) => tell(`${dir} is in use by ${owner}; waiting for a sign of life.`);
  const lock = await lockFolder(dir, { kind: 'run', silentMs: SILENT_MS, onWait });
  const failure = join(dir, FAILURE_FILE);
  try {
    const claimed = await claimFolder(config, dir);
    for (const note of claimed.notes) tell(note);
    if (existsSync(join(dir, RESULT_FILE))) return await readRunResult(dir);
    await rm(failure, { force: true }); // of an earlier start
    return await runInFolder(config, dir, claimed.earlier, options).catch(async (error: unknown) => {
      if (!(error instanceof RunStopped)) {
        const text = error instanceof Error ? `${error.stack}\n` : String(error);
        await writeFileAtomic(failure, text).catch(() => {});
      }
      throw error;
    });
  } finally {
    await lock.release();
  }
}

async function runInFolder(
  config: RunConfig,
  dir: string,
  earlier: readonly RunConfig[],
  { until, progress = openTrainingProgress(), shouldStop = () => false, tell = () => {} }: RunOptions,
): Promise<RunResult | undefined> {
  const open = sourceOpener(config, progress.work);
  let log: RunLog | undefined;
  try {
    await removeHalfWritten(dir);
    await writeEnvironment(dir);
    const { areas, notes } = await checkRun(config, open);
    const carried = carriedView(config, await open(config.data.source));
    for (const note of [...notes, ...(carried.note ? [carried.note] : [])]) tell(note);
    const served = { dir, config: withCarriedView(config, carried) };
    // Their images are made now: what cannot be used is told before stage 1.
    const measured = until ? [] : await openEvaluationAreas(areas, config, open, progress.work);
    const resume = await stepsDone(dir);
    log = await openRunLog(dir, { resume });
    const context: RunContext = { config, dir, resume, log, progress, shouldStop, earlier, open };
    const trained = await trainStages(context, until);
    if (!trained) return undefined;
    // First of all the networks: whatever happens to their evaluation, they are there.
    await writeRunBundle(served, trained);
    const figures = await evaluateRun(context, trained, measured);
    const result = await resultOf(config, dir, trained.data, figures);
    const bundle = await writeRunBundle(served, trained, figures);
    await log.close();
    await writeTrainingReport(dir, figures.retrieval);
    if (config.publish) await publishRun(dir, config, config.publish, progress.work);
    await writeResult(dir, result, bundle);
    return result;
  } finally {
    await log?.close().catch(() => {});
    progress.stop();
  }
}
