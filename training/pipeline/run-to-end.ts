// A run from the command line: Ctrl-C saves and stops, a second one ends at once; the figures are printed at the end.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { RunConfig } from '../config/index.js';
import { summaryTable } from '../report/index.js';
import { RunStopped } from '../stages/index.js';
import { type RunOptions, runTraining } from './run.js';

/** Exit code of a run that was stopped by Ctrl-C, as shells have it. */
export const INTERRUPTED = 130;

export async function runToEnd(config: RunConfig, dir: string, until?: RunOptions['until']): Promise<void> {
  await mkdir(dir, { recursive: true });
  const failure = join(dir, 'failure.txt');
  await rm(failure, { force: true }); // of an earlier start
  let stop = false;
  const onSignal = (): void => {
    if (stop) process.exit(INTERRUPTED);
    stop = true;
    process.stderr.write('\nSaving after this step; once more ends at once.\n');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const result = await runTraining(config, dir, { shouldStop: () => stop, ...(until && { until }) });
    if (result) process.stdout.write(`${summaryTable(result.retrieval)}\n${join(dir, 'bundle')}\n`);
  } catch (error) {
    if (error instanceof RunStopped) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = INTERRUPTED;
      return;
    }
    const text = error instanceof Error ? `${error.stack}\n` : String(error);
    await writeFileAtomic(failure, text).catch(() => {});
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
