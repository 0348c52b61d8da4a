// Which imagery this is: what the caches of tiles cut from it, and builds that go on, rest on.
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { filesBelow, sha256OfBytes, sha256OfFile } from '../../src/files/index.js';

const AT_ONCE = 16;

/** What may lie beside a GeoTIFF and changes what is read of it. */
const SIDECARS = ['.msk'];
const WORLD_FILES = ['.tfw', '.TFW', '.tifw', '.tfwx', '.wld'];

/**
 * Changes with the imagery: size and time of change (ms) of a GeoTIFF file, [size, mtimeMs], and of what lies beside it; of a
 * folder or a VRT the same of every file, as a digest, since a folder's own time says nothing of the files below. [-1, -1] where
 * there is nothing.
 */
export async function imageryIdentity(path: string): Promise<readonly (number | string)[]> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) return [-1, -1];
  if (entry.isDirectory()) {
    return [sha256OfBytes(await statLines(path, await filesBelow(path)))];
  }
  const own = [entry.size, entry.mtimeMs];
  if (/\.vrt$/i.test(path))
    return [...own, sha256OfBytes(await statLines(dirname(path), await sourcesOf(path)))];
  const found = await Promise.all(besideOf(path).map((name) => stat(name).catch(() => undefined)));
  return [...own, ...found.flatMap((file) => (file ? [file.size, file.mtimeMs] : []))];
}

/** What may lie beside a GeoTIFF. */
function besideOf(path: string): readonly string[] {
  const stem = path.replace(/\.[^./]*$/, '');
  return [...SIDECARS.map((end) => `${path}${end}`), ...WORLD_FILES.map((end) => `${stem}${end}`)];
}

/**
 * The same for the same pixels on every machine: a digest of the bytes of all files and of their names below the folder, or
 * beside the VRT. Reads all of it. Throws what the file system throws.
 */
export async function contentDigestOf(path: string): Promise<string> {
  const lines: string[] = [];
  const add = async (name: string, file: string, needed: boolean): Promise<void> => {
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (needed || error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (found?.isFile()) lines.push(`${name} ${await sha256OfFile(file)}`);
  };
  if ((await stat(path)).isDirectory()) {
    const names = await filesBelow(path, isHidden);
    for (const name of names.filter((one) => !isHidden(one))) await add(name, join(path, name), true);
    return sha256OfBytes(lines.join('\n'));
  }
  await add('', path, true);
  // Named by how they end: a copy under another name is the same imagery.
  const stem = path.replace(/\.[^./]*$/, '');
  for (const file of besideOf(path)) await add(file.slice(stem.length), file, false);
  if (/\.vrt$/i.test(path)) {
    for (const name of await sourcesOf(path)) await add(name, resolve(dirname(path), name), false);
  }
  return sha256OfBytes(lines.join('\n'));
}

const isHidden = (name: string): boolean => basename(name).startsWith('.');

async function sourcesOf(vrt: string): Promise<readonly string[]> {
  const xml = await readFile(vrt, 'utf8');
  return [...xml.matchAll(/<SourceFilename[^>]*>([^<]*)</g)].map((match) => match[1] ?? '');
}

/** A line for each file: its name, size and time of change. */
async function statLines(folder: string, names: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const next = names.entries();
  const look = async (): Promise<void> => {
    for (const [k, name] of next) {
      const found = await stat(resolve(folder, name)).catch(() => undefined);
      lines[k] = found?.isFile() ? `${name} ${found.size} ${found.mtimeMs}` : name;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return lines.join('\n');
}
