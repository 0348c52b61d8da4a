// The region of requests that name none: DATA/regions/default.json, written when the first region is published, so that
// a second one changes nothing for whoever asks without a name.
import { join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { readTextIfThere, writeFileAtomic } from '../files/index.js';
import { listRegions, REGION_NAME, regionsDir } from './region-store.js';

const SCHEMA = 'skyfix-default-region/1';

const pathIn = (dataDir: string) => join(regionsDir(dataDir), 'default.json');
const textOf = (region: string) => `${JSON.stringify({ schema: SCHEMA, region })}\n`;

/**
 * The region that default.json names, or the only one; undefined where there are several and none is named, or the one
 * named is not there. Throws INDEX_CORRUPT where default.json cannot be understood.
 */
export async function readDefaultRegion(dataDir: string): Promise<string | undefined> {
  const regions = await listRegions(dataDir);
  const named = await readNamed(dataDir);
  if (named !== undefined && regions.includes(named)) return named;
  return regions.length === 1 ? regions[0] : undefined;
}

/** Makes a published region the default. Throws REGION_UNKNOWN where it is not published. */
export async function setDefaultRegion(dataDir: string, region: string): Promise<void> {
  const regions = await listRegions(dataDir);
  if (!regions.includes(region)) {
    const there = regions.length === 0 ? 'none' : regions.join(', ');
    throw new SkyfixError('REGION_UNKNOWN', `"${region}" is not published in ${dataDir}; there is ${there}.`);
  }
  await writeFileAtomic(pathIn(dataDir), textOf(region));
}

/**
 * Called before `region` is published: keeps what the default is now, or makes the first region it. Of several that are
 * there without a default none is chosen. Two first publishers at once: one of their regions.
 */
export async function keepDefaultRegion(dataDir: string, region: string): Promise<void> {
  const named = await readNamed(dataDir);
  const before = (await listRegions(dataDir)).filter((name) => name !== region);
  if (named !== undefined && (named === region || before.includes(named))) return;
  const chosen = before.length === 0 ? region : before.length === 1 ? before[0] : undefined;
  if (chosen === undefined) return;
  await writeFileAtomic(pathIn(dataDir), textOf(chosen));
}

async function readNamed(dataDir: string): Promise<string | undefined> {
  const path = pathIn(dataDir);
  const content = await readTextIfThere(path);
  if (content === undefined) return undefined;
  try {
    const { schema, region } = JSON.parse(content) as { schema?: unknown; region?: unknown };
    if (schema === SCHEMA && typeof region === 'string' && REGION_NAME.test(region)) return region;
  } catch {}
  throw new SkyfixError('INDEX_CORRUPT', `${path} names no default region.`);
}
