// Compiled networks kept on disk between starts. A file is whole or not there: it is written beside, flushed and renamed, and
// its last bytes are its own checksum, so that processes may share the folder and a damaged file is never given to a library.
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryNameFor } from '../files/index.js';

const SHA256_BYTES = 32;
const SUFFIX = '.compiled';
/** Beyond it the longest unused go. */
const MOST_BYTES = 4 * 2 ** 30;
/** A temporary file of a process that ended while it wrote. */
const ABANDONED_MS = 60 * 60 * 1000;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** A name for what was made of `file` under all of `circumstances`. Reads the file. */
export function compiledKey(file: string, circumstances: readonly string[]): string {
  const hash = createHash('sha256').update(readFileSync(file));
  return hash.update(JSON.stringify(circumstances)).digest('hex');
}

/** What is kept under a name, or undefined where there is none that is whole. */
export function readCompiled(folder: string, key: string): Uint8Array | undefined {
  const path = join(folder, key + SUFFIX);
  try {
    const bytes = readFileSync(path);
    const content = bytes.subarray(0, Math.max(0, bytes.length - SHA256_BYTES));
    if (content.length > 0 && sha256(content).equals(bytes.subarray(content.length))) {
      markUsed(path);
      return content;
    }
    removeIfThere(path);
  } catch {
    // Not there, or not readable: it is made again.
  }
  return undefined;
}

/**
 * Keeps what `write` writes to the path that it is given. Returns whether it is kept: a folder that cannot be written or is
 * full costs the next start its time and nothing else.
 */
export function keepCompiled(folder: string, key: string, write: (path: string) => void): boolean {
  const path = join(folder, key + SUFFIX);
  const temporary = temporaryNameFor(path);
  try {
    mkdirSync(folder, { recursive: true });
    write(temporary);
    appendFileSync(temporary, sha256(readFileSync(temporary)));
    const file = openSync(temporary, 'r+');
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
    prune(folder);
    return true;
  } catch {
    removeIfThere(temporary);
    return false;
  }
}

/** Where the folder is another user's, it cannot be marked, and is used all the same. */
function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // It counts as used when it was made.
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What cannot be removed is no more in the way than what could not be written.
  }
}

function prune(folder: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? [{ path, bytes: stat.size, usedMs: stat.mtimeMs }] : [];
  });
  let total = 0;
  for (const { path, bytes, usedMs } of files.sort((a, b) => b.usedMs - a.usedMs)) {
    const abandoned = path.endsWith('.tmp') && Date.now() - usedMs > ABANDONED_MS;
    total += bytes;
    if (abandoned || (path.endsWith(SUFFIX) && total > MOST_BYTES)) removeIfThere(path);
  }
}
