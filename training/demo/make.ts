// npm run demo:make: everything that ships in models/ and demo/, from nothing: town -> training -> bundle -> index ->
// panoramas of the unseen area. It is the run of the preset "town"; what was done is not done again.
import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { buildIndex } from 'skyfix/index';
import { makeRng, shuffled } from 'skyfix/random';
import { loadRunConfig, type RunConfig } from '../config/index.js';
import { readTown } from '../datasets/index.js';
import { runTraining } from '../pipeline/index.js';
import { openTrainingProgress, summaryTable } from '../runs/index.js';

const DEMO_DIR = 'demo';
/** Panoramas of the unseen area that ship, drawn by this stream of the town's seed. */
const DEMO_PANORAMAS = 24;
const DRAW_STREAM = 5;
const DEMO_RUN = join('var', 'demo', 'run');

async function makeDemoRegion({ data, geometry, evaluation }: RunConfig, bundleDir: string): Promise<void> {
  const progress = openTrainingProgress();
  const { root } = data.source;
  await mkdir(join(DEMO_DIR, 'panoramas'), { recursive: true });
  await copyFile(join(root, 'mosaic-test.tif'), join(DEMO_DIR, 'mosaic.tif'));
  await copyFile(join(root, 'area-test.geojson'), join(DEMO_DIR, 'area.geojson'));
  await buildIndex({
    bundleDir,
    imagery: join(DEMO_DIR, 'mosaic.tif'),
    tileSizeM: geometry.tileSizeM,
    strideM: evaluation.gridStrideM,
    areaGeoJson: join(DEMO_DIR, 'area.geojson'),
    outDir: join(DEMO_DIR, 'index'),
    onProgress: (done, total, stage) => progress.work(`index: ${stage}`)(done, total),
  });
  progress.stop();
  // the bundle ships once, in models/; publishing puts both together
  await rm(join(DEMO_DIR, 'index', 'bundle'), { recursive: true, force: true });
}

/** Copies panoramas of the unseen area, drawn by seed, and writes demo/panoramas.csv with the true values. */
async function samplePanoramas({ data }: RunConfig): Promise<void> {
  const town = await readTown(data.source.root);
  const places = town.places.filter(({ split }) => split === 'test');
  const seed = data.source.make?.seed ?? 0;
  const drawn = shuffled(places.length, makeRng(seed, DRAW_STREAM)).slice(0, DEMO_PANORAMAS);
  const lines = ['file,lon,lat,headingDeg'];
  for (const k of drawn) {
    const place = places[k];
    if (!place) continue;
    await copyFile(place.file, join(DEMO_DIR, 'panoramas', `${place.id}.jpg`));
    lines.push(`panoramas/${place.id}.jpg,${place.lon},${place.lat},${place.headingDeg}`);
  }
  await writeFileAtomic(join(DEMO_DIR, 'panoramas.csv'), `${lines.join('\n')}\n`);
}

const started = Date.now();
const config = await loadRunConfig('town', process.argv.slice(2));
const result = await runTraining(config, DEMO_RUN);
const bundleDir = join('models', config.bundle.name);
await rm(bundleDir, { recursive: true, force: true });
await cp(join(DEMO_RUN, 'bundle'), bundleDir, { recursive: true });
await rm(DEMO_DIR, { recursive: true, force: true });
await makeDemoRegion(config, bundleDir);
await samplePanoramas(config);
if (result) process.stdout.write(`${summaryTable(result.retrieval)}\n`);
process.stdout.write(`done in ${((Date.now() - started) / 60_000).toFixed(1)} minutes\n`);
