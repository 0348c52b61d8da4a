// npm run bench:tiles: what a region costs by its number of tiles: building, loading, bytes, recall, times of searches and
// priors, memory. What is made is not made again; the table has all that was measured there.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toolArguments, wholeArgument, wrongArgument } from '../cli/index.js';
import { chartSvg, machine, markdownTable, writeSection } from '../loadtest/index.js';
import { filesBelow, makeFolder, writeFileAtomic } from '../src/files/index.js';
import {
  type BuildTimes,
  builtGraph,
  CONTESTANTS,
  type Contestant,
  STORED_PRECISIONS,
  type TileSet,
  tileSet,
  truthOf,
} from './tile-sets.js';
import type { TileFigures } from './tiles-child.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const CHILD = fileURLToPath(new URL('./tiles-child.js', import.meta.url));

const ENGINES = CONTESTANTS.map(({ name }) => name).join(',');
const HELP = `npm run bench:tiles -- [options]
What a region costs by its number of tiles: building, loading, bytes, recall, times of searches and priors, memory.
  --tiles LIST         default 1e3,1e4,1e5
  --dimensions LIST    default 256,1024
  --engines LIST       of ${ENGINES}; default all
  --descriptors LIST   of ${STORED_PRECISIONS.join(',')}; default f16
  --queries N          default 200
  --folder DIR         what is made lies there, and is not made again; default var/bench-tiles
  --write              puts tables and curves into docs/scale.md`;

const { values } = toolArguments(HELP, {
  tiles: { type: 'string', default: '1e3,1e4,1e5' },
  dimensions: { type: 'string', default: '256,1024' },
  engines: { type: 'string', default: ENGINES },
  descriptors: { type: 'string', default: 'f16' },
  queries: { type: 'string', default: '200' },
  folder: { type: 'string', default: join(ROOT, 'var/bench-tiles') },
  write: { type: 'boolean', default: false },
});

const wholes = (text: string, name: string): number[] =>
  text.split(',').map((part) => wholeArgument(name, part));
const contestants = values.engines.split(',').map((name) => {
  const found = CONTESTANTS.find((one) => one.name === name.trim());
  if (found) return found;
  const names = CONTESTANTS.map((one) => one.name).join(', ');
  return wrongArgument(`--engines has "${name}"; there are ${names}.`);
});
const precisions = values.descriptors.split(',').map((name) => {
  const found = STORED_PRECISIONS.find((one) => one === name.trim());
  if (found) return found;
  return wrongArgument(`--descriptors has "${name}"; there are ${STORED_PRECISIONS.join(', ')}.`);
});
const [queries = 200] = wholes(values.queries, 'queries');

interface Row extends TileFigures {
  readonly set: TileSet;
  readonly engine: string;
  readonly build: BuildTimes;
}

/** Comparing all of more products than these says nothing new. */
const MOST_EXACT_PRODUCTS = 3e8;

async function rowOf(set: TileSet, contestant: Contestant): Promise<Row> {
  const kept = join(set.dir, `figures-${contestant.name.replace(' ', '-')}-${set.precision}.json`);
  const build = await builtGraph(set, contestant);
  const args = [set, contestant, queries].map((value) => JSON.stringify(value));
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, ...args]);
  const row = { ...(JSON.parse(stdout) as TileFigures), set, engine: contestant.name, build };
  await writeFileAtomic(kept, JSON.stringify(row));
  return row;
}

const HEAD = [
  ...['tiles', 'dim', 'kept', 'engine', 'build s', 'cpu s', 'hash ms', 'load ms', 'bytes'],
  ...['@1', '@10', 'p50 ms', 'p99 ms', 'cpu ms', 'prior ms', 'within ms', 'own MB', 'mapped MB'],
];

const secondsOf = (seconds: number | undefined) => (seconds ? seconds.toFixed(1) : '–');

const cellsOf = (row: Row): string[] => {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return [
    ...[row.set.tiles.toLocaleString('en'), `${row.set.dimensions}`, row.set.precision, row.engine],
    ...[secondsOf(row.build.seconds), secondsOf(row.build.processorSeconds)],
    ...[row.hashMs.toFixed(0), row.loadMs.toFixed(0)],
    ...[row.bytesPerTile.toFixed(0), row.recallAt1.toFixed(3), row.recallAt10.toFixed(3)],
    ...[row.p50Ms, row.p99Ms, row.processorMs, row.priorMs, row.withinMs].map((ms) => ms.toFixed(2)),
    ...[megabytes(row.ownBytes), megabytes(row.mappedBytes)],
  ];
};

for (const dimensions of wholes(values.dimensions, 'dimensions')) {
  for (const tiles of wholes(values.tiles, 'tiles')) {
    for (const precision of precisions) {
      const set = await tileSet(values.folder, tiles, dimensions, precision);
      await truthOf(set, queries);
      for (const contestant of contestants) {
        if (contestant.kind === 'none' && set.tiles * dimensions > MOST_EXACT_PRODUCTS) continue;
        const row = await rowOf(set, contestant);
        console.error(cellsOf(row).join(' | '));
      }
    }
  }
}

/** Everything that was measured in the folder, now or before: by dimensions, tiles and engine. */
async function allRows(): Promise<readonly Row[]> {
  const names = await filesBelow(values.folder);
  const files = names.filter((name) => /figures-[\w-]+\.json$/.test(name));
  const rows = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(values.folder, name), 'utf8')) as Row),
  );
  const place = ({ engine }: Row) => CONTESTANTS.findIndex(({ name }) => name === engine);
  // Those of before a column was measured are left out.
  const whole = rows.filter(({ hashMs }) => Number.isFinite(hashMs));
  return whole.sort(
    (a, b) =>
      a.set.dimensions - b.set.dimensions ||
      a.set.tiles - b.set.tiles ||
      place(a) - place(b) ||
      a.set.precision.localeCompare(b.set.precision),
  );
}

const rows = await allRows();
const table = markdownTable(HEAD, rows.map(cellsOf));
console.log(`${machine()}\n\n${table}`);

const COLOURS = ['#888888', '#1b6ca8', '#c0392b', '#d68910', '#1e8449'];

/** By number of tiles, a curve an engine, of those dimensions that were measured with most numbers of tiles. */
async function writeCurves(name: string, title: string, yName: string, of: (row: Row) => number) {
  const sizesOf = (dimensions: number) =>
    new Set(rows.filter(({ set }) => set.dimensions === dimensions).map(({ set }) => set.tiles)).size;
  const all = [...new Set(rows.map(({ set }) => set.dimensions))];
  const dimensions = all.reduce((most, one) => (sizesOf(one) >= sizesOf(most) ? one : most));
  const shown = rows.filter(({ set }) => set.dimensions === dimensions);
  const x = [...new Set(shown.map(({ set }) => set.tiles))].sort((a, b) => a - b);
  const curves = CONTESTANTS.map((contestant, k) => ({
    name: contestant.name,
    colour: COLOURS[k % COLOURS.length] as string,
    values: x.map((tiles) => {
      const row = shown.find((one) => one.set.tiles === tiles && one.engine === contestant.name);
      return row ? of(row) : Number.NaN;
    }),
  }));
  const chart = { title: `${title}, ${dimensions} dimensions`, xName: 'tiles', yName, x, curves };
  const path = join(ROOT, 'docs', `${name}.svg`);
  await makeFolder(dirname(path));
  await writeFileAtomic(path, chartSvg(chart));
}

if (values.write) {
  await writeSection(join(ROOT, 'docs/scale.md'), 'tiles', `${machine()}\n\n${table}`);
  await writeCurves('scale-latency', 'Search', 'ms (median)', ({ p50Ms }) => p50Ms);
  const gigabytes = ({ ownBytes, mappedBytes }: Row) => (ownBytes + mappedBytes) / 1e9;
  await writeCurves('scale-memory', 'Memory', 'GB', gigabytes);
}
