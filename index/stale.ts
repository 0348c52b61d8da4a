// What a publish that was killed leaves behind.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** No copy takes this long. */
const STALE_MS = 24 * 3600 * 1000;

/** Removes temporary folders that have not been written to for a day. */
export async function removeStale(dir: string, nowMs = Date.now()): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(dir, name);
    const { mtimeMs } = await stat(path);
    if (nowMs - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}
