// npm run demo:make: everything that ships in models/ and demo/, from nothing: towns and worlds -> the runs of the presets
// "general" and "town" -> a bundle each -> an index of the unseen area by the better one -> panoramas of it. What was done is
// not done again. With `-- --quick` smaller ones, in a folder of their own.
import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { buildIndex } from 'skyfix/index';
import { makeRng, shuffled } from 'skyfix/random';
import { loadRunConfig, type RunConfig } from '../config/index.js';
import { readTown } from '../datasets/index.js';
import { runTraining } from '../pipeline/index.js';
import { openTrainingProgress, type RunResult, readRunResult, summaryTable } from '../runs/index.js';
import { FULL_DIR, QUICK_DIR, quickened } from './quick.js';

/** The runs; the demo region is in the town that "town" is trained on, where none of them has been. */
const PRESETS = ['general', 'town'] as const;
/** Panoramas of the unseen area that ship, drawn by this stream of the town's seed. */
const DEMO_PANORAMAS = 24;
const DRAW_STREAM = 5;
/** A map of 0.4 m a pixel: the whole of what ships stays small. */
const BASEMAP_ZOOM = 18;
/** A byte a number, for the same reason. */
const DESCRIPTORS = 'i8';

interface MadeBundle {
  readonly config: RunConfig;
  readonly bundleDir: string;
  readonly result: RunResult;
}

async function makeBundle(preset: string, quick: boolean, models: string): Promise<MadeBundle> {
  const full = await loadRunConfig(preset);
  const { publish: _, ...config } = quick ? quickened(full) : full;
  const runDir = join(quick ? QUICK_DIR : FULL_DIR, `run-${preset}`);
  const result = (await runTraining(config, runDir)) ?? (await readRunResult(runDir));
  const bundleDir = join(models, config.bundle.name);
  await rm(bundleDir, { recursive: true, force: true });
  await cp(join(runDir, 'bundle'), bundleDir, { recursive: true });
  process.stdout.write(`${bundleDir}\n${summaryTable(result.retrieval)}\n`);
  return { config, bundleDir, result };
}

/** Percent of the first area's queries that the trained bundle places within 25 m on the grid. */
function withinReach({ result }: MadeBundle): number {
  return result.retrieval.find(({ model }) => model === 'trained')?.grid?.within25M ?? 0;
}

async function makeDemoRegion({ config, bundleDir }: MadeBundle, root: string, demo: string): Promise<void> {
  const progress = openTrainingProgress();
  const { geometry, evaluation } = config;
  await mkdir(join(demo, 'panoramas'), { recursive: true });
  await copyFile(join(root, 'mosaic-test.tif'), join(demo, 'mosaic.tif'));
  await copyFile(join(root, 'area-test.geojson'), join(demo, 'area.geojson'));
  await buildIndex({
    bundleDir,
    imagery: join(demo, 'mosaic.tif'),
    tileSizeM: geometry.tileSizeM,
    strideM: evaluation.gridStrideM,
    basemap: BASEMAP_ZOOM,
    descriptors: DESCRIPTORS,
    areaGeoJson: join(demo, 'area.geojson'),
    outDir: join(demo, 'index'),
    onProgress: (done, total, stage) => progress.work(`index: ${stage}`)(done, total),
  });
  progress.stop();
  // the bundle ships once, in models/; publishing puts both together
  await rm(join(demo, 'index', 'bundle'), { recursive: true, force: true });
}

/** Copies panoramas of the unseen area, drawn by seed, and writes panoramas.csv with the true values. */
async function samplePanoramas({ data }: RunConfig, demo: string): Promise<void> {
  const town = await readTown(data.source.root);
  const places = town.places.filter(({ split }) => split === 'test');
  const seed = data.source.make?.seed ?? 0;
  const drawn = shuffled(places.length, makeRng(seed, DRAW_STREAM)).slice(0, DEMO_PANORAMAS);
  const lines = ['file,lon,lat,headingDeg'];
  for (const k of drawn) {
    const place = places[k];
    if (!place) continue;
    await copyFile(place.file, join(demo, 'panoramas', `${place.id}.jpg`));
    lines.push(`panoramas/${place.id}.jpg,${place.lon},${place.lat},${place.headingDeg}`);
  }
  await writeFileAtomic(join(demo, 'panoramas.csv'), `${lines.join('\n')}\n`);
}

const started = Date.now();
const quick = process.argv.includes('--quick');
const [models, demo] = quick ? [join(QUICK_DIR, 'models'), join(QUICK_DIR, 'demo')] : ['models', 'demo'];
const made: MadeBundle[] = [];
for (const preset of PRESETS) made.push(await makeBundle(preset, quick, models));
const [better] = made.sort((a, b) => withinReach(b) - withinReach(a));
const town = made.find(({ config }) => config.name === 'small-town');
if (!better || !town) throw new Error('no bundle was made');
await rm(demo, { recursive: true, force: true });
await makeDemoRegion(better, town.config.data.source.root, demo);
await samplePanoramas(town.config, demo);
process.stdout.write(`${demo} is served by ${better.bundleDir}, the better of the two on its area\n`);
process.stdout.write(`done in ${((Date.now() - started) / 60_000).toFixed(1)} minutes\n`);
