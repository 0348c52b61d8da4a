// A run from the command line: Ctrl-C saves and stops, a second one ends at once; the figures are printed at the end.
import { join } from 'node:path';
import type { RunConfig } from '../config/index.js';
import { summaryTable } from '../runs/index.js';
import { RunStopped } from '../stages/index.js';
import { type RunOptions, runTraining } from './run.js';

/** Exit code of a run that was stopped by Ctrl-C, as shells have it. */
export const INTERRUPTED = 130;

export async function runToEnd(config: RunConfig, dir: string, until?: RunOptions['until']): Promise<void> {
  let stop = false;
  const onSignal = (): void => {
    if (stop) process.exit(INTERRUPTED);
    stop = true;
    process.stderr.write('\nSaving after this step; once more ends at once.\n');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const result = await runTraining(config, dir, {
      shouldStop: () => stop,
      ...(until && { until }),
      tell: (note) => process.stderr.write(`${note}\n`),
    });
    if (!result) return;
    const figures = result.retrieval.length > 0 ? `${summaryTable(result.retrieval)}\n` : '';
    process.stdout.write(`${figures}${join(dir, 'bundle')}\n`);
  } catch (error) {
    if (error instanceof RunStopped) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = INTERRUPTED;
      return;
    }
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
