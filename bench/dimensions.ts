// npm run bench:dimensions: what a region loses by keeping fewer dimensions and bits. Of each panorama the looks are made once.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { toolArguments, wholeArgument, wrongArgument } from '../cli/index.js';
import { machine, markdownTable, median } from '../loadtest/index.js';
import { loadBundle } from '../src/bundles/index.js';
import { openNetworks } from '../src/describe/index.js';
import { BevTableCache, distanceM, insideBbox, type LonLat } from '../src/geometry/index.js';
import { locate, readLocatedPanoramas } from '../src/locate/index.js';
import { type Look, PlaceFinder } from '../src/places/index.js';
import {
  type DescriptorPrecision,
  fitProjection,
  openDescriptors,
  projectAll,
  readDescriptors,
  writeDescriptors,
} from '../src/search/index.js';
import { descriptorFileOf, openIndexVersion } from '../src/versions/index.js';

const HELP = `npm run bench:dimensions -- [options] INDEX PANORAMAS.csv
What a region loses by keeping fewer dimensions and bits: its index version, with all dimensions, is asked with located panoramas
(file,lon,lat), and so are versions of it that keep less.
  --dimensions LIST   default 256,128,64
  --split NAME        only panoramas of this split
  --every N           only every Nth of them`;

const { values, positionals } = toolArguments(
  HELP,
  {
    dimensions: { type: 'string', default: '256,128,64' },
    split: { type: 'string' },
    every: { type: 'string', default: '1' },
  },
  { positionals: true },
);
const every = wholeArgument('every', values.every);
const [indexDir, list] = positionals;
if (indexDir === undefined || list === undefined) wrongArgument(`Give INDEX and PANORAMAS.csv.\n${HELP}`);

interface Asked {
  readonly truth: LonLat;
  /** One for each heading or height that was tried. */
  readonly views: readonly (readonly Look[])[];
}

const version = await openIndexVersion(indexDir);
if (version.manifest.projection) throw new Error(`${indexDir} keeps fewer dimensions already.`);
const { index, catalogue } = version;
if (!(index instanceof PlaceFinder)) throw new Error('The index finds no places.');

/** What the server asks its index for each panorama. */
async function askedFor(): Promise<Asked[]> {
  const bundle = await loadBundle(version.bundleDir);
  const networks = await openNetworks(bundle, { threads: 1 });
  const name = basename(indexDir as string);
  const region = { name, bundle, networks, version, tables: new BevTableCache() };
  const asked: Asked[] = [];
  let views: (readonly Look[])[] = [];
  const places = PlaceFinder.prototype.places;
  const finder = index as PlaceFinder;
  finder.places = (looks, question) => {
    views.push(looks);
    return places.call(finder, looks, question);
  };
  const located = await readLocatedPanoramas(list as string, { split: values.split, headings: false });
  const inside = located.filter(({ lon, lat }) => insideBbox({ lon, lat }, version.manifest.bounds));
  const chosen = inside.filter((_, k) => k % every === 0);
  try {
    for (const [k, { file, lon, lat }] of chosen.entries()) {
      if (k > 0 && k % 20 === 0) console.error(`${k} of ${chosen.length} panoramas`);
      views = [];
      await locate(region, await readFile(file), { top: 1, distinct: false });
      asked.push({ truth: { lon, lat }, views });
    }
  } finally {
    await networks.close();
  }
  return asked;
}

const folder = await mkdtemp(join(tmpdir(), 'skyfix-dimensions-'));
const full = await readDescriptors(join(indexDir, descriptorFileOf(version.manifest)));
const asked = await askedFor();
const rows: string[][] = [];

async function measure(dimensions: number, precision: DescriptorPrecision): Promise<void> {
  const fitted = dimensions < full.dimensions ? fitProjection(full, dimensions, 1) : undefined;
  const path = join(folder, `descriptors.${precision}`);
  await writeDescriptors(path, fitted ? projectAll(full, fitted.directions) : full, precision);
  const { descriptors, close } = await openDescriptors(path);
  const finder = await PlaceFinder.open({
    ...{ kind: 'none', path, descriptors, efSearch: 128, projection: fitted?.directions },
    catalogue: catalogue.parts,
  });
  const errors: number[] = [];
  let [same, sameTen] = [0, 0];
  for (const { truth, views } of asked) {
    const firsts = await Promise.all(views.map(async (looks) => (await finder.places(looks, { k: 1 }))[0]));
    const [best] = firsts.filter((hit) => hit !== undefined).sort((a, b) => b.score - a.score);
    errors.push(best ? distanceM(best, truth) : Number.POSITIVE_INFINITY);
    const middle = views[0]?.[(views[0].length - 1) / 2]?.descriptor;
    if (!middle) continue;
    const [now, before] = [await finder.search(middle, 10), await (index as PlaceFinder).search(middle, 10)];
    if (now[0]?.row === before[0]?.row) same++;
    sameTen += now.filter(({ row }) => before.some((hit) => hit.row === row)).length / before.length;
  }
  await finder.close();
  close();
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const within = (metres: number) => percent(errors.filter((m) => m <= metres).length / errors.length);
  const bytes = dimensions * { f32: 4, f16: 2, i8: 1 }[precision];
  rows.push([
    ...[
      version.manifest.bundle.name,
      `${dimensions}`,
      precision,
      `${bytes}`,
      percent(fitted?.kept ?? 1),
      within(25),
      within(5),
    ],
    ...[`${median(errors).toFixed(1)} m`, percent(same / asked.length), percent(sameTen / asked.length)],
  ]);
}

try {
  const wanted = values.dimensions.split(',').map(Number);
  for (const precision of ['f32', 'f16', 'i8'] as const) await measure(full.dimensions, precision);
  for (const dimensions of wanted.filter((one) => one < full.dimensions)) {
    for (const precision of ['f16', 'i8'] as const) await measure(dimensions, precision);
  }
} finally {
  await version.close();
  await rm(folder, { recursive: true, force: true });
}
const head = [
  ...['bundle', 'dimensions', 'precision', 'bytes a tile', 'square kept', 'first within 25 m', 'within 5 m'],
  ...['median error', 'same first', 'same ten'],
];
console.log(`${machine()}\n\n${asked.length} panoramas.\n\n${markdownTable(head, rows)}`);
