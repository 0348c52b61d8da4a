// A run in a process of its own, as ablations and comparisons start them side by side.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { writeFileAtomic } from 'skyfix/files';

/** Lines of a run's progress that are kept. */
const LOG_LINES = 200;

/**
 * `skyfix-train run PRESET` into a folder, where run.log keeps the end of what it said; returns the exit code. SIGINT and
 * SIGTERM are passed on: the run saves and stops.
 */
export function runInProcess(preset: string, dir: string, settings: readonly string[]): Promise<number> {
  const cli = join(PACKAGE_ROOT, 'bin/skyfix-train.js');
  const sets = settings.flatMap((value) => ['--set', value]);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'run', preset, '--out', dir, ...sets], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true, // else a terminal's Ctrl-C reaches the run twice, and the second one ends it unsaved
    });
    const lines: Buffer[] = [];
    child.stderr.on('data', (data: Buffer) => {
      lines.push(data);
      if (lines.length > LOG_LINES) lines.shift();
    });
    const passOn = (signal: NodeJS.Signals) => child.kill(signal);
    process.on('SIGINT', passOn).on('SIGTERM', passOn);
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      mkdir(dir, { recursive: true })
        .then(() => writeFileAtomic(join(dir, 'run.log'), Buffer.concat(lines)))
        .then(() => resolve(code ?? 1), reject);
    });
  });
}
