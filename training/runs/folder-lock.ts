// One process at a time trains in a run's folder: run.lock there holds its process number.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';

const LOCK_FILE = 'run.lock';

/**
 * Takes the folder; the result gives it back. The lock of a process that is gone is taken over. Throws
 * TRAINING_CONFIG_INVALID where another process has it.
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, LOCK_FILE);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner !== process.pid && isRunning(owner)) throw taken(dir, `process ${owner} trains there`);
    await rm(path, { force: true });
  }
  throw taken(dir, 'another process took it just now');
}

function taken(dir: string, why: string): SkyfixError {
  return new SkyfixError(
    'TRAINING_CONFIG_INVALID',
    `${dir} is in use: ${why}. Wait for it, choose another folder, or remove ${join(dir, LOCK_FILE)} where that is no run of skyfix.`,
  );
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
