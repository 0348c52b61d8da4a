// One engine on one made-up region, in a process of its own, so that its memory is what is measured: argv is a TileSet, a
// Contestant and the number of queries as JSON; the answer is a line of JSON.
import { readFile, stat } from 'node:fs/promises';
import { median, percentile } from '../loadtest/index.js';
import type { Bounds, LonLat } from '../src/geometry/index.js';
import { PlaceFinder } from '../src/places/index.js';
import { openDescriptors, readCatalogue } from '../src/search/index.js';
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

/** A hit that is so much worse than the exact one is as good: rounding. */
const SAME_SCORE = 1e-6;

export interface TileFigures {
  readonly loadMs: number;
  readonly bytesPerTile: number;
  readonly recallAt1: number;
  readonly recallAt10: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the processor, a search, all threads: where others compute on the same cores this says more than the clock. */
  readonly processorMs: number;
  /** The slowest of several priors, each the best of nine times. */
  readonly priorMs: number;
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
const { descriptors, close } = await openDescriptors(descriptorFile(set));
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
  const exact = truth.scores[k] as readonly number[];
  const last = exact.at(-1) as number;
  if ((hits[0]?.score ?? -2) >= (exact[0] as number) - SAME_SCORE) first++;
  found += Math.min(exact.length, hits.filter(({ score }) => score >= last - SAME_SCORE).length);
}
const { user, system } = process.cpuUsage(cpu);
const after = await memory();

const [west, south, east, north] = catalogue.bounds() as Bounds;
const centre: LonLat = { lon: (west + east) / 2, lat: (south + north) / 2 };
const widthM = Math.sqrt(set.tiles) * 16;
const priors = [0.01, 0.1, 0.3, 0.5, 0.6, 1].flatMap((share) => [
  () => catalogue.rowsInRadius(centre, share * widthM),
  () => catalogue.rowsInBbox([west, south, west + share * (east - west), south + share * (north - south)]),
]);
const priorTimes = priors.map((rows) =>
  Math.min(
    ...Array.from({ length: 9 }, () => {
      started = performance.now();
      rows();
      return performance.now() - started;
    }),
  ),
);
const sizes = await Promise.all(
  [...new Set([descriptorFile(set), catalogueFile(set), graphFile(set, contestant)])].map(
    async (path) => (await stat(path)).size,
  ),
);
await index.close();
close();
const figures: TileFigures = {
  loadMs,
  bytesPerTile: sizes.reduce((sum, size) => sum + size, 0) / set.tiles,
  recallAt1: first / many,
  recallAt10: found / (many * WANTED),
  p50Ms: median(times),
  p99Ms: percentile(times, 99),
  processorMs: (user + system) / 1000 / many,
  priorMs: Math.max(...priorTimes),
  ownBytes: after.own - before.own,
  mappedBytes: after.mapped - before.mapped,
};
console.log(JSON.stringify(figures));
