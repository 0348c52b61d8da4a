// npm run demo:figures: trains the comparisons beside the shipped bundle (raw panorama + encoder, BEV + encoder; same
// schedule, same seed) and writes all strict figures into the bundle's metrics.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { BundleManifest } from 'skyfix/models';
import { openTrainingProgress } from '../runs/progress.js';
import { describe } from '../stages/encoder.js';
import { type ComparisonRow, compare, formatComparison } from './comparison.js';
import { BUNDLE_NAME, ENCODER, TOWN_SEED } from './recipe.js';
import {
  areaData,
  areaPanoramas,
  comparisonAreas,
  demoTown,
  encoderData,
  encoderPanoramas,
} from './town-data.js';
import { RECIPE, runEncoder } from './train.js';

const path = join('models', BUNDLE_NAME, 'bundle.json');
const manifest = JSON.parse(await readFile(path, 'utf8')) as BundleManifest;
const { work: tell } = openTrainingProgress();
const town = await demoTown(TOWN_SEED, tell);
const train = await areaData(town, ['train'], tell);
const { unseen, other } = await comparisonAreas(town, tell);

const pairs = await encoderData(train, tell);
const bev = await runEncoder('bev', pairs.bevs, pairs);
// A turned panorama is no panorama: this run goes without the symmetries of the square.
const raw = await runEncoder('panorama', await encoderPanoramas(train, tell), pairs, {
  ...RECIPE,
  encoder: { ...ENCODER, dihedral: false },
});
const shipped = (manifest.metrics.retrieval ?? []) as readonly ComparisonRow[];
const rows: ComparisonRow[] = [];
for (const area of [unseen, other]) {
  const own = (run: string) => shipped.filter((row) => row.area === area.name && row.run === run);
  rows.push(
    ...own('untrained'),
    await compare(
      'raw panorama + encoder',
      (images, size) => describe(raw, images, size),
      await areaPanoramas(area, tell),
      area,
    ),
    await compare('BEV + encoder', (images, size) => describe(bev, images, size), area.bevs, area),
    ...own('BEV + G + encoder'),
  );
}
await writeFileAtomic(
  path,
  `${JSON.stringify({ ...manifest, metrics: { ...manifest.metrics, retrieval: rows } }, null, 2)}\n`,
);
process.stdout.write(`${formatComparison(rows)}\n`);
