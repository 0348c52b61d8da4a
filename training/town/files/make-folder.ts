// The folder of a town or a world: filled under a temporary name and renamed at the end; nothing else is replaced.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { temporaryNameFor } from 'skyfix/files';

/** Progress: what is being done, how much of it is done. */
export type TownProgress = (step: string, done: number, total: number) => void;

export interface TownSummary {
  readonly out: string;
  readonly sideM: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Fills a new folder in place of an older town's. Throws DATASET_INVALID where `folder` holds something else. */
export async function makeFolder(
  folder: string,
  fill: (work: string) => Promise<Omit<TownSummary, 'out' | 'seconds'>>,
): Promise<TownSummary> {
  const started = Date.now();
  const out = resolve(folder);
  await refuseForeignFolder(out);
  const work = temporaryNameFor(out);
  try {
    await mkdir(join(work, 'panoramas'), { recursive: true });
    const summary = await fill(work);
    await mkdir(dirname(out), { recursive: true });
    await rm(out, { recursive: true, force: true });
    await rename(work, out);
    return { out, ...summary, seconds: (Date.now() - started) / 1000 };
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

async function refuseForeignFolder(out: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new SkyfixError(
      'DATASET_INVALID',
      `${out} cannot be used as a town's folder: ${messageOf(error)}.`,
    );
  }
  if (names.length > 0 && !names.includes('town.json')) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${out} holds files that are not a town; choose another folder.`,
    );
  }
}
