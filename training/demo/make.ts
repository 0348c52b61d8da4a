// npm run demo:make: town -> training -> bundle -> index -> sample panoramas, everything that ships in models/ and
// demo/. Seeded; every step continues from what the last attempt left.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { buildIndex } from 'skyfix/index';
import { shuffled } from '../data/augment.js';
import { centreCrop, imageAt } from '../data/image-set.js';
import { rowsOf, type Town } from '../data/town-dataset.js';
import { meanQuality } from '../evaluation/image-quality.js';
import { writeBundle } from '../export/index.js';
import { makeRng } from '../random/rng.js';
import { openTrainingProgress } from '../runs/progress.js';
import { describe } from '../stages/encoder.js';
import { generateViews } from '../stages/generation.js';
import { compare, formatComparison } from './comparison.js';
import {
  BUNDLE_NAME,
  BUNDLE_VERSION,
  DEMO_PANORAMAS,
  ENCODER,
  ENCODER_TOWN_SEEDS,
  GENERATION,
  GEOMETRY,
  OTHER_TOWN_SEED,
  PROFILE,
  STRIDE_M,
  TOWN_SEED,
} from './recipe.js';
import { meanTile, writeViewSheet } from './reports.js';
import { areaData, comparisonAreas, demoTown, encoderData } from './town-data.js';
import { runEncoder, runGenerator, untrainedEncoder } from './train.js';

const BUNDLE_DIR = join('models', BUNDLE_NAME);
const DEMO_DIR = 'demo';
const { work: tell } = openTrainingProgress();

async function trainAndExport(town: Town): Promise<void> {
  const train = await areaData(town, ['train'], tell);
  const { unseen, other } = await comparisonAreas(town, tell);
  const generator = await runGenerator(train);
  const pairs = await encoderData(train, tell);
  const encoder = await runEncoder('views', await generateViews(generator, pairs.bevs), pairs);
  const untrained = untrainedEncoder();
  const rows = [];
  const unseenViews = await generateViews(generator, unseen.bevs);
  const otherViews = await generateViews(generator, other.bevs);
  for (const [area, views] of [
    [unseen, unseenViews],
    [other, otherViews],
  ] as const) {
    rows.push(
      await compare('untrained', (images, size) => describe(untrained, images, size), area.bevs, area),
      await compare('BEV + G + encoder', (images, size) => describe(encoder, images, size), views, area),
    );
  }
  const tiles = centreCrop(unseen.tiles, GEOMETRY.inputSizePx);
  const bevs = centreCrop(unseen.bevs, GEOMETRY.inputSizePx);
  const views = centreCrop(unseenViews, GEOMETRY.inputSizePx);
  const mean = meanTile(centreCrop(train.tiles, GEOMETRY.inputSizePx));
  const against = (image: (k: number) => ReturnType<typeof imageAt>) =>
    meanQuality(unseen.rows.map((_, k) => [image(k), imageAt(tiles, k)] as const));
  const generation = {
    view: against((k) => imageAt(views, k)),
    bev: against((k) => imageAt(bevs, k)),
    meanTile: against(() => mean),
  };
  await writeBundle(BUNDLE_DIR, {
    name: BUNDLE_NAME,
    version: BUNDLE_VERSION,
    profile: PROFILE.name,
    geometry: GEOMETRY,
    generator: { params: generator.params.toArrays(), config: PROFILE.generator },
    encoder: { params: encoder.params.toArrays(), config: PROFILE.encoder },
    training: {
      generatorData: `procedural town, seed ${TOWN_SEED}, training area, ${train.rows.length} places`,
      encoderData: `the same and the towns of seeds ${ENCODER_TOWN_SEEDS.join(', ')}, ${pairs.bevs.count} places together`,
      otherTownSeed: OTHER_TOWN_SEED,
      pairs: 'all',
      profile: PROFILE,
      generation: GENERATION,
      encoder: ENCODER,
    },
    metrics: { retrieval: rows, generation },
  });
  await writeViewSheet(join('var', 'demo', 'views.png'), bevs, views, tiles);
  process.stdout.write(`${formatComparison(rows)}\n${JSON.stringify(generation, null, 1)}\n`);
}

async function makeDemoRegion(town: Town): Promise<void> {
  await mkdir(join(DEMO_DIR, 'panoramas'), { recursive: true });
  await copyFile(join(town.dir, 'mosaic-test.tif'), join(DEMO_DIR, 'mosaic.tif'));
  await copyFile(join(town.dir, 'area-test.geojson'), join(DEMO_DIR, 'area.geojson'));
  await buildIndex({
    bundleDir: BUNDLE_DIR,
    imagery: join(DEMO_DIR, 'mosaic.tif'),
    tileSizeM: GEOMETRY.tileSizeM,
    strideM: STRIDE_M,
    areaGeoJson: join(DEMO_DIR, 'area.geojson'),
    outDir: join(DEMO_DIR, 'index'),
    onProgress: (done, total, stage) => tell(`index: ${stage}`)(done, total),
  });
  // the bundle ships once, in models/; publishing puts both together
  await rm(join(DEMO_DIR, 'index', 'bundle'), { recursive: true, force: true });
}

/** Copies panoramas of the unseen area, drawn by seed, and writes demo/panoramas.csv with the true values. */
async function samplePanoramas(town: Town): Promise<void> {
  const rows = rowsOf(town, 'test');
  const drawn = shuffled(rows.length, makeRng(TOWN_SEED, 5)).slice(0, DEMO_PANORAMAS);
  const lines = ['file,lon,lat,headingDeg'];
  for (const k of drawn) {
    const place = town.places[rows[k] ?? -1];
    if (!place) continue;
    await copyFile(place.file, join(DEMO_DIR, 'panoramas', `${place.id}.jpg`));
    lines.push(`panoramas/${place.id}.jpg,${place.lon},${place.lat},${place.headingDeg}`);
  }
  await writeFileAtomic(join(DEMO_DIR, 'panoramas.csv'), `${lines.join('\n')}\n`);
}

const started = Date.now();
const town = await demoTown(TOWN_SEED, tell);
await trainAndExport(town);
await rm(DEMO_DIR, { recursive: true, force: true });
await makeDemoRegion(town);
await samplePanoramas(town);
process.stdout.write(`done in ${((Date.now() - started) / 60_000).toFixed(1)} minutes\n`);
