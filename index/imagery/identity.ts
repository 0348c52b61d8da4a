// Which imagery this is: what the caches of tiles cut from it, and builds that go on, rest on.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfBytes } from '../../src/files/index.js';

const AT_ONCE = 16;

/**
 * Changes with the imagery: size and time of change (ms) of a GeoTIFF file, [size, mtimeMs]; of a folder of tiles the
 * same of every file in it, as a digest, since a folder's own time says nothing of the files below. [-1, -1] where
 * there is nothing.
 */
export async function imageryIdentity(path: string): Promise<readonly (number | string)[]> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) return [-1, -1];
  if (!entry.isDirectory()) return [entry.size, entry.mtimeMs];
  const names = (await readdir(path, { recursive: true })).sort();
  const lines: string[] = [];
  const next = names.entries();
  const look = async (): Promise<void> => {
    for (const [k, name] of next) {
      const found = await stat(join(path, name)).catch(() => undefined);
      lines[k] = found?.isFile() ? `${name} ${found.size} ${found.mtimeMs}` : name;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return [sha256OfBytes(lines.join('\n'))];
}
