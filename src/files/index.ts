// Files that are never half written: temporary name in the same folder, flush, rename. Also checksums, CSV, and folders
// that one process at a time works in.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { asDiskError } from '../errors/index.js';
import { makeFolder } from './usable-folder.js';

export { type CsvRow, csvField, csvRows, csvRowsInPieces, parseCsv } from './csv.js';
export { filesBelow } from './files-below.js';
export { type FolderLock, type FolderLockOptions, lockFolder } from './folder-lock.js';
export {
  createOwnedFile,
  type FoundOwner,
  listOwners,
  type OwnedFile,
  type OwnedFileOptions,
  removeDeadOwners,
} from './owned-file.js';
export { type Liveness, livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js';
export { checkFolder, makeFolder } from './usable-folder.js';
export { userCacheFolder } from './user-cache.js';

/** A name beside `path` that nothing else uses; ends in `.tmp`. */
export function temporaryNameFor(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Writes a file so that a reader sees the old content or the new one, never a part: temporary name, fsync,
 * rename, fsync of the folder. Content may come in pieces. Creates the folder. Throws DISK_FULL where there is no
 * space; the old file stays.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  const temporary = temporaryNameFor(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'w');
    try {
      await writeFile(file, data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw asDiskError(error, path);
  }
}

/** Flushes a folder's entries (a rename survives a power cut only after this). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Moves the finished folder `finished` to `target`, flushed. What was at `target` is removed after the move, not
 * before, and is put back where the move fails. Both lie in one file system.
 */
export async function replaceFolder(finished: string, target: string): Promise<void> {
  const old = temporaryNameFor(target);
  let hadOld = true;
  try {
    await rename(target, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    hadOld = false;
  }
  try {
    await rename(finished, target);
  } catch (error) {
    if (hadOld) await rename(old, target);
    throw error;
  }
  await syncFolder(dirname(target));
  await rm(old, { recursive: true, force: true });
}

export interface HashOptions {
  /** As fast as it goes where absent. */
  readonly bytesPerSecond?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** SHA-256 of a file as lower-case hex, streamed. Throws the signal's reason where that fires first. */
export async function sha256OfFile(
  path: string,
  { bytesPerSecond, signal }: HashOptions = {},
): Promise<string> {
  const hash = createHash('sha256');
  const paced = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      yield piece;
      if (bytesPerSecond !== undefined)
        await delay((1000 * piece.length) / bytesPerSecond, undefined, { ref: false });
    }
  };
  await pipeline(createReadStream(path), paced, hash, { ...(signal && { signal }) });
  return hash.digest('hex');
}

/** SHA-256 of bytes as lower-case hex. */
export function sha256OfBytes(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The checksum entry an artefact's manifest keeps for each of its files. */
export interface FileChecksum {
  readonly sha256: string;
  readonly bytes: number;
}

/** A file's text, or undefined where there is no such file. Throws what else the file system throws. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
