// Folders that a person named: made where they are missing, tried where they are there, and refused in words.
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asDiskError, SkyfixError } from '../errors/index.js';

/**
 * Makes a folder and its parents, one by one: node's own recursive mkdir tries for ever where a file system takes no
 * folders (/proc). Throws FOLDER_UNUSABLE, NOT_WRITABLE, DISK_FULL.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeMissing(resolve(path));
  } catch (error) {
    throw unusable(path, 'cannot be made', error);
  }
}

async function makeMissing(path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || parent === path) throw error;
    await makeMissing(parent);
    await mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

/**
 * Makes sure that a folder, where it is there, can be read; with `writable` it is made, and a file can be written into
 * it. Throws FOLDER_UNUSABLE, NOT_WRITABLE, DISK_FULL.
 */
export async function checkFolder(path: string, writable: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refused(path, 'cannot be opened', error);
  });
  if (!found && !writable) return;
  if (!found) await makeFolder(path);
  else if (!found.isDirectory()) throw new SkyfixError('FOLDER_UNUSABLE', `${path} is a file, not a folder.`);
  try {
    await access(path, constants.R_OK | constants.X_OK);
    await readdir(path);
  } catch (error) {
    throw refused(path, 'cannot be read', error);
  }
  if (!writable) return;
  try {
    await rm(await mkdtemp(join(path, '.try-')), { recursive: true });
  } catch (error) {
    throw unusable(path, 'cannot be written to', error);
  }
}

function unusable(path: string, what: string, error: unknown): unknown {
  const known = asDiskError(error, path);
  return known === error ? refused(path, what, error) : known;
}

function refused(path: string, what: string, error: unknown): unknown {
  if (error instanceof SkyfixError) return error;
  const { code = 'no code' } = error as NodeJS.ErrnoException;
  return new SkyfixError('FOLDER_UNUSABLE', `${path} ${what} (${code}).`, { cause: error });
}
