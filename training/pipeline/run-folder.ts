// A run's folder belongs to one configuration: config.yaml there.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { stringify } from 'yaml';
import type { RunConfig } from '../config/index.js';

const CONFIG_FILE = 'config.yaml';

/** Makes the folder the configuration's. Throws TRAINING_CONFIG_INVALID where it is another one's. */
export async function claimFolder(config: RunConfig, dir: string): Promise<void> {
  if (await isOfRun(config, dir)) return;
  await mkdir(dir, { recursive: true });
  await writeFileAtomic(join(dir, CONFIG_FILE), stringify(config));
}

/** False where the folder holds no configuration yet. Throws TRAINING_CONFIG_INVALID where it holds another one. */
export async function isOfRun(config: RunConfig, dir: string): Promise<boolean> {
  const path = join(dir, CONFIG_FILE);
  const old = await readFile(path, 'utf8').catch(() => undefined);
  if (old === undefined) return false;
  const text = stringify(config);
  if (old === text) return true;
  const line = text.split('\n').findIndex((own, k) => own !== old.split('\n')[k]);
  throw new SkyfixError(
    'TRAINING_CONFIG_INVALID',
    `${path} is of another run: line ${line + 1} is "${old.split('\n')[line]?.trim()}" there and "${text.split('\n')[line]?.trim()}" here. Choose another folder or remove this one.`,
  );
}

/** What a killed start was writing: a checkpoint is as large as the networks and their optimisers. */
export async function removeHalfWritten(dir: string): Promise<void> {
  for (const name of await readdir(dir, { recursive: true })) {
    if (name.endsWith('.tmp')) await rm(join(dir, name), { recursive: true, force: true });
  }
}
