// What a soak asks of: a data folder with two versions of one region, and panoramas that are answered alike by both.
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installDemo, PACKAGE_ROOT } from '../../cli/index.js';
import { publishIndex, rollbackIndex } from '../../index/index.js';
import { versionDir } from '../../src/versions/index.js';
import { noisePanorama, pngOf, publishTinyVersion } from '../support/tiny-region.js';

export interface World {
  readonly dataDir: string;
  readonly region: string;
  readonly panoramas: readonly Buffer[];
  /** Makes the version current that is not. */
  swap(): Promise<void>;
}

const OTHER = 'soaked';

/** The demo region that ships: real networks, real panoramas. */
export async function demoWorld(dataDir: string): Promise<World> {
  const version = await installDemo(dataDir);
  const files = readFileSync(join(PACKAGE_ROOT, 'demo/panoramas.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1, 9)
    .map((line) => join(PACKAGE_ROOT, 'demo', line.split(',')[0] ?? ''));
  const panoramas = files.map((file) => readFileSync(file));
  return withTwin({ dataDir, region: 'demo', panoramas }, version);
}

/** A region of a few tiles and networks of a few nodes: for a short soak. */
export async function tinyWorld(dataDir: string): Promise<World> {
  await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1' });
  const panoramas = await Promise.all([0, 1, 2, 3].map((seed) => pngOf(noisePanorama(seed))));
  return withTwin({ dataDir, region: 'town', panoramas }, 'v1');
}

/** The same version under another name, published as people publish, so that a swap opens everything anew. */
async function withTwin(world: Omit<World, 'swap'>, version: string): Promise<World> {
  const { dataDir, region } = world;
  const made = join(dataDir, 'made');
  await cp(versionDir(dataDir, region, version), made, { recursive: true });
  const manifest = JSON.parse(await readFile(join(made, 'index.json'), 'utf8')) as object;
  await writeFile(join(made, 'index.json'), JSON.stringify({ ...manifest, version: OTHER }));
  await publishIndex({ indexDir: made, dataDir, region, bundleDir: join(made, 'bundle') });
  let current = OTHER;
  const swap = async () => {
    current = current === OTHER ? version : OTHER;
    await rollbackIndex({ dataDir, region, to: current });
  };
  return { ...world, swap };
}
