// One copy on disk of what two versions have in common: hard links. Versions are never written to, so a file may have two names;
// removing a version takes its names away and nothing else, and a copy of a version on another disk is whole.
import { link, rename, rm, stat } from 'node:fs/promises';
import { type FileChecksum, sha256OfFile, temporaryNameFor } from '../src/files/index.js';

/** Whether the file is what its manifest says. */
export async function isWhole(
  path: string,
  expected: Pick<FileChecksum, 'sha256' | 'bytes'>,
): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.size === expected.bytes && (await sha256OfFile(path)) === expected.sha256;
}

/** Makes `to` another name of `from`; false where the file system has no such thing, or `from` is not there: then copy it. */
export async function linkFile(from: string, to: string): Promise<boolean> {
  const temporary = temporaryNameFor(to);
  try {
    await link(from, temporary);
    await rename(temporary, to);
    // Of two names of one file a rename does nothing, and leaves both.
    await rm(temporary, { force: true });
    return true;
  } catch {
    await rm(temporary, { force: true });
    return false;
  }
}
