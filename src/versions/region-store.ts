// Where regions live: DATA/regions/NAME/versions/VERSION/ is immutable, DATA/regions/NAME/current.json points to one.
// DATA/regions/default.json names the region of requests that name none.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { readTextIfThere, writeFileAtomic } from '../files/index.js';

export const POINTER_SCHEMA = 'skyfix-region/1';

export interface RegionPointer {
  readonly schema: typeof POINTER_SCHEMA;
  readonly version: string;
  readonly publishedAt: string;
  /** Versions that were current before, the latest last. */
  readonly history: readonly string[];
}

/** Versions are folder names. */
export const VERSION_NAME = /^[0-9A-Za-z][0-9A-Za-z.-]{0,99}$/;
export const REGION_NAME = /^[a-z0-9-]{1,64}$/;

/** The folder that holds all regions. */
export function regionsDir(dataDir: string): string {
  return join(dataDir, 'regions');
}

/** Throws REGION_UNKNOWN for a name that is not 1 to 64 of a-z, 0-9 and hyphen. */
export function regionDir(dataDir: string, region: string): string {
  if (!REGION_NAME.test(region)) {
    throw new SkyfixError(
      'REGION_UNKNOWN',
      `"${region}" is no region name (a-z, 0-9 and hyphens, at most 64).`,
    );
  }
  return join(regionsDir(dataDir), region);
}

/** The folder of one version. */
export function versionDir(dataDir: string, region: string, version: string): string {
  return join(regionDir(dataDir, region), 'versions', version);
}

/** Names of the regions that have a pointer, sorted; a pointer that cannot be understood shows when it is opened. */
export async function listRegions(dataDir: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await namesIn(regionsDir(dataDir))) {
    if (!REGION_NAME.test(name)) continue;
    const pointer = await stat(join(regionDir(dataDir, name), 'current.json')).catch(() => undefined);
    if (pointer) names.push(name);
  }
  return names;
}

/** What current.json says; undefined where there is none. Throws INDEX_CORRUPT where it cannot be understood. */
export async function currentVersion(dataDir: string, region: string): Promise<RegionPointer | undefined> {
  const path = join(regionDir(dataDir, region), 'current.json');
  const content = await readTextIfThere(path);
  if (content === undefined) return undefined;
  try {
    const json = JSON.parse(content) as RegionPointer;
    const named = VERSION_NAME.test(json.version);
    if (json.schema === POINTER_SCHEMA && named && Array.isArray(json.history)) return json;
  } catch {}
  throw new SkyfixError('INDEX_CORRUPT', `${path} is no region pointer.`);
}

/** Makes a version current, in one step. The caller has the region's lock. Throws DISK_FULL. */
export async function writePointer(
  dataDir: string,
  region: string,
  version: string,
  history: readonly string[],
): Promise<void> {
  const publishedAt = new Date().toISOString();
  const pointer: RegionPointer = { schema: POINTER_SCHEMA, version, publishedAt, history };
  const path = join(regionDir(dataDir, region), 'current.json');
  await writeFileAtomic(path, `${JSON.stringify(pointer, null, 2)}\n`);
}

/** The folder of a region's current version. Throws INDEX_MISSING where nothing is published. */
export async function currentVersionDir(dataDir: string, region: string): Promise<string> {
  const pointer = await currentVersion(dataDir, region);
  if (!pointer) {
    throw new SkyfixError('INDEX_MISSING', `The region "${region}" has no current version in ${dataDir}.`);
  }
  return versionDir(dataDir, region, pointer.version);
}

/** The versions on disk, oldest first. */
export async function listVersions(dataDir: string, region: string): Promise<string[]> {
  const names = await namesIn(join(regionDir(dataDir, region), 'versions'));
  return names.filter((name) => !name.startsWith('.') && !name.endsWith('.tmp'));
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
