// Index folders to publish, and what must hold of a data folder afterwards.
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBundle } from '../../src/bundles/index.js';
import { checkIndexFolder, currentVersion, versionDir } from '../../src/versions/index.js';
import { publishTinyVersion } from '../support/tiny-region.js';

export const REGION = 'town';

/** Index folders that differ in their version's name only: DIR/NAME. */
export async function indexFolders(dir: string, names: readonly string[]): Promise<string[]> {
  const [first = 'v'] = names;
  const made = await publishTinyVersion(join(dir, 'made'), REGION, { indexVersion: first });
  const manifest = JSON.parse(await readFile(join(made, 'index.json'), 'utf8')) as object;
  return Promise.all(
    names.map(async (name) => {
      const folder = join(dir, name);
      await cp(made, folder, { recursive: true });
      await writeFile(join(folder, 'index.json'), JSON.stringify({ ...manifest, version: name }));
      return folder;
    }),
  );
}

/** The current version after everything that a server checks of it, or what is wrong with it. */
export async function currentOrFault(dataDir: string): Promise<{ version: string } | { fault: string }> {
  try {
    const pointer = await currentVersion(dataDir, REGION);
    if (!pointer) return { fault: 'there is no current version' };
    const dir = versionDir(dataDir, REGION, pointer.version);
    await checkIndexFolder(dir);
    await loadBundle(join(dir, 'bundle'));
    return { version: pointer.version };
  } catch (error) {
    return { fault: String(error) };
  }
}
