// One engine on one made-up region, in a process of its own, so that its memory is what is measured: argv is a TileSet, a
// Contestant and the number of queries as JSON; the answer is a line of JSON.
import { readFile, stat } from 'node:fs/promises';
import { median, percentile } from '../loadtest/index.js';
import { sha256OfFile } from '../src/files/index.js';
import { type Bounds, type LonLat, localOffsetM } from '../src/geometry/index.js';
import { type Look, PlaceFinder, type Prior } from '../src/places/index.js';
import { seededRandom } from '../src/random/index.js';
import { openDescriptors, readCatalogue } from '../src/search/index.js';
import { madeUpTown } from './made-up-town.js';
import {
  type Contestant,
  catalogueFile,
  descriptorFile,
  EF_SEARCH,
  GRAPH,
  graphFile,
  type TileSet,
  truthOf,
  WANTED,
} from './tile-sets.js';

export interface TileFigures {
  /** Of the checksums of its files, which the first opening computes. */
  readonly hashMs: number;
  readonly loadMs: number;
  readonly bytesPerTile: number;
  readonly recallAt1: number;
  readonly recallAt10: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the processor, a search, all threads: where others compute on the same cores this says more than the clock. */
  readonly processorMs: number;
  /** The rows of the slowest of many priors, each the best of nine times. */
  readonly priorMs: number;
  /** Ten places by a look at the middle of the slowest prior, rows included, each the best of three times. */
  readonly withinMs: number;
  /** Of the process, less what it had before, bytes: its own, and pages of mapped files. */
  readonly ownBytes: number;
  readonly mappedBytes: number;
}

async function memory(): Promise<{ readonly own: number; readonly mapped: number }> {
  const text = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const of = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? Number.NaN);
  return { own: of('RssAnon') + of('RssShmem'), mapped: of('RssFile') };
}

const [set, contestant, many] = process.argv.slice(2).map((text) => JSON.parse(text)) as [
  TileSet,
  Contestant,
  number,
];
const truth = await truthOf(set, many);
const before = await memory();
let started = performance.now();
const catalogue = await readCatalogue(catalogueFile(set));
const { descriptors, close } = await openDescriptors(descriptorFile(set, set.precision));
const index = await PlaceFinder.open({
  ...{ kind: contestant.kind, path: graphFile(set, contestant), descriptors, efSearch: EF_SEARCH },
  ...{ m: GRAPH.m, precision: contestant.precision, catalogue: catalogue.parts },
  ...(contestant.kind === 'none' ? {} : { exactProducts: 0 }),
});
const loadMs = performance.now() - started;

const queryOf = (k: number) =>
  Float32Array.from(truth.queries.slice(k * set.dimensions, (k + 1) * set.dimensions));
for (let k = 0; k < many; k++) await index.search(queryOf(k), WANTED);
const times: number[] = [];
const cpu = process.cpuUsage();
let [first, found] = [0, 0];
for (let k = 0; k < many; k++) {
  const query = queryOf(k);
  started = performance.now();
  const hits = await index.search(query, WANTED);
  times.push(performance.now() - started);
  const exact = truth.rows[k] as readonly number[];
  if (hits[0]?.row === exact[0]) first++;
  found += hits.filter(({ row }) => exact.includes(row)).length;
}
const { user, system } = process.cpuUsage(cpu);
const after = await memory();

const [west, south, east, north] = catalogue.bounds() as Bounds;
const middle: LonLat = { lon: (west + east) / 2, lat: (south + north) / 2 };
const widthM = Math.sqrt(set.tiles) * 16;

/** Around the middle and from a corner, from a thousandth of the width to all of it; then anywhere and of any size. */
function* priorsOf(): Generator<Prior> {
  for (const share of [0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1]) {
    yield { centre: middle, radiusM: share * widthM };
    yield { bounds: [west, south, west + share * (east - west), south + share * (north - south)] };
    yield { bounds: [west, south, east, south + share * (north - south)] };
  }
  const random = seededRandom(4);
  const between = (from: number, to: number) => from + random() * (to - from);
  for (let k = 0; k < 50; k++) {
    yield {
      centre: { lon: between(west, east), lat: between(south, north) },
      radiusM: widthM * 10 ** between(-3, 0),
    };
    const [a, b, c, d] = [
      between(west, east),
      between(west, east),
      between(south, north),
      between(south, north),
    ];
    yield { bounds: [Math.min(a, b), Math.min(c, d), Math.max(a, b), Math.max(c, d)] };
  }
}

/** The least of some times, milliseconds. */
async function least(times: number, work: () => unknown): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let k = 0; k < times; k++) {
    started = performance.now();
    await work();
    leastMs = Math.min(leastMs, performance.now() - started);
  }
  return leastMs;
}

const town = madeUpTown(Math.round(Math.sqrt(set.tiles)), set.dimensions, 1);
const own = seededRandom(5);

/** What a camera in the middle of the prior sees. */
function lookWithin(prior: Prior): Look {
  const descriptor = new Float32Array(set.dimensions);
  const place =
    'bounds' in prior
      ? { lon: (prior.bounds[0] + prior.bounds[2]) / 2, lat: (prior.bounds[1] + prior.bounds[3]) / 2 }
      : prior.centre;
  const { eastM, northM } = localOffsetM({ lon: west, lat: south }, place);
  town.describe(eastM, northM, descriptor, own);
  return { eastM: 0, northM: 0, descriptor };
}

let [priorMs, withinMs] = [0, 0];
for (const prior of priorsOf()) {
  const rows = () =>
    'bounds' in prior
      ? catalogue.rowsInBbox(prior.bounds)
      : catalogue.rowsInRadius(prior.centre, prior.radiusM);
  priorMs = Math.max(priorMs, await least(9, () => rows().bits));
  const looks = [lookWithin(prior)];
  withinMs = Math.max(withinMs, await least(3, () => index.places(looks, { k: WANTED, prior })));
}
const files = [
  ...new Set([descriptorFile(set, set.precision), catalogueFile(set), graphFile(set, contestant)]),
];
const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
started = performance.now();
for (const path of files) await sha256OfFile(path);
const hashMs = performance.now() - started;
await index.close();
close();
const figures: TileFigures = {
  hashMs,
  loadMs,
  bytesPerTile: sizes.reduce((sum, size) => sum + size, 0) / set.tiles,
  recallAt1: first / many,
  recallAt10: found / (many * WANTED),
  p50Ms: median(times),
  p99Ms: percentile(times, 99),
  processorMs: (user + system) / 1000 / many,
  priorMs,
  withinMs,
  ownBytes: after.own - before.own,
  mappedBytes: after.mapped - before.mapped,
};
console.log(JSON.stringify(figures));
