// What was found out once about this machine (whether a library works, which engine is the faster) and is kept for as long as
// the circumstances are the same.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfBytes, writeFileAtomic } from '../files/index.js';

/** A record of a folder that cannot be read is none, one that cannot be written is not kept. */
export class KeptRecord {
  readonly #path: string;

  /** `circumstances`: everything that what is kept depends on, as JSON. */
  constructor(folder: string, circumstances: unknown) {
    this.#path = join(folder, `${sha256OfBytes(JSON.stringify(circumstances))}.json`);
  }

  /** What `check` makes of the record; undefined where there is none, or none that it can read. */
  async read<T>(check: (value: unknown) => T | undefined): Promise<T | undefined> {
    try {
      return check(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  async write(value: unknown): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify(value)).catch(() => {});
  }
}
