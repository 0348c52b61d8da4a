// Which files were found whole. Hashing takes three seconds a gigabyte: a large file that was read and had the right sum, and
// is the same file still (by device, inode, size and times of change), serves at once, and is read again while it does. One that
// another version comes to share, or ceases to, has a new time of change: it is hashed once more.
import type { BigIntStats } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileChecksum, sha256OfBytes, userCacheFolder, writeFileAtomic } from '../files/index.js';

/** Smaller files are hashed whenever they are opened: that takes less than a twentieth of a second. */
export const TRUSTED_FROM_BYTES = 16 * 2 ** 20;
/** A file that was changed so shortly before might be changed again within the same tick of the file system's clock. */
const SETTLED_MS = 2_000;

export class SeenFiles {
  readonly #folder: string;
  readonly #settledMs: number;

  constructor(folder = join(userCacheFolder(), 'verified'), settledMs = SETTLED_MS) {
    this.#folder = folder;
    this.#settledMs = settledMs;
  }

  /** Whether this very file was hashed before and had the sum. */
  async has(file: BigIntStats, { sha256 }: FileChecksum): Promise<boolean> {
    const text = await readFile(this.#pathOf(file), 'utf8').catch(() => undefined);
    return text?.trim() === sha256;
  }

  /** Remembers a file that was just hashed; one that cannot be remembered is hashed again the next time. */
  async note(file: BigIntStats, { sha256 }: FileChecksum): Promise<void> {
    const changedMs = Number(file.ctimeMs > file.mtimeMs ? file.ctimeMs : file.mtimeMs);
    if (Date.now() - changedMs < this.#settledMs) return;
    await writeFileAtomic(this.#pathOf(file), `${sha256}\n`).catch(() => {});
  }

  async forget(file: BigIntStats): Promise<void> {
    await rm(this.#pathOf(file), { force: true }).catch(() => {});
  }

  #pathOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
    return join(this.#folder, sha256OfBytes([dev, ino, size, mtimeNs, ctimeNs].join(' ')));
  }
}
