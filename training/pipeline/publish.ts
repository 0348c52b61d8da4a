// The last step of a run that asks for it: an index with the new bundle, published as a region that a server takes up.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildIndex, publishIndex } from 'skyfix/index';
import { imageryOptionsOf, type PublishConfig, type RunConfig } from '../config/index.js';
import type { Tell } from '../runs/index.js';

/** Builds the index in the run's folder and publishes it; returns the version. Throws what building and publishing throw. */
export async function publishRun(
  dir: string,
  { geometry }: Pick<RunConfig, 'geometry'>,
  publish: PublishConfig,
  tell: Tell,
): Promise<string> {
  const { dataDir, region, imagery, area, strideM } = publish;
  const outDir = join(dir, 'index');
  await buildIndex({
    bundleDir: join(dir, 'bundle'),
    imagery,
    imageryOptions: imageryOptionsOf(publish),
    tileSizeM: geometry.tileSizeM,
    strideM,
    ...(area !== undefined && { areaGeoJson: area }),
    outDir,
    onProgress: (done, total, stage) => tell(`index: ${stage}`)(done, total),
  });
  const version = await publishIndex({ indexDir: outDir, dataDir, region });
  await rm(outDir, { recursive: true, force: true });
  return version;
}
