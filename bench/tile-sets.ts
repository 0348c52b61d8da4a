// Made-up regions of many tiles, kept in a folder, so that a benchmark that is stopped goes on: their descriptors, queries with
// the exact answers, their catalogue, and the graphs of every engine.
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../src/files/index.js';
import { seededRandom } from '../src/random/index.js';
import {
  buildGraph,
  compareHits,
  type GraphKind,
  type GraphPrecision,
  type Hit,
  RowProducts,
  readDescriptors,
  readStored,
  writeCatalogue,
  writeDescriptors,
} from '../src/search/index.js';
import { descriptorsOf, madeUpTown, STRIDE_M } from './made-up-town.js';

/** none compares all rows. */
export interface Contestant {
  readonly name: string;
  readonly kind: GraphKind | 'none';
  readonly precision?: GraphPrecision;
}

export const CONTESTANTS: readonly Contestant[] = [
  { name: 'no graph', kind: 'none' },
  { name: 'hnswlib', kind: 'hnsw' },
  { name: 'usearch f32', kind: 'usearch', precision: 'f32' },
  { name: 'usearch f16', kind: 'usearch', precision: 'f16' },
  { name: 'usearch i8', kind: 'usearch', precision: 'i8' },
];

export const GRAPH = { m: 16, efConstruction: 200, seed: 1 } as const;
export const EF_SEARCH = 128;
export const WANTED = 10;

export interface TileSet {
  readonly dir: string;
  readonly tiles: number;
  readonly dimensions: number;
  /** How the descriptors are kept that scores are computed from. */
  readonly precision: StoredPrecision;
}

export const STORED_PRECISIONS = ['f16', 'i8'] as const;
export type StoredPrecision = (typeof STORED_PRECISIONS)[number];

export const descriptorFile = ({ dir }: TileSet, precision?: StoredPrecision): string =>
  join(dir, `descriptors.${precision ?? 'f16'}`);
export const catalogueFile = ({ dir }: TileSet): string => join(dir, 'catalogue.bin');
export const graphFile = (set: TileSet, { kind, precision }: Contestant): string =>
  kind === 'none'
    ? descriptorFile(set, set.precision)
    : join(set.dir, `graph${precision ? `-${precision}` : ''}.${kind}`);

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Queries, and the ten best rows of each by the descriptors as float16, best first. */
export interface Truth {
  /** [queries * dimensions] */
  readonly queries: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

/** Makes what is missing of a square region of about so many tiles. */
export async function tileSet(
  root: string,
  wanted: number,
  dimensions: number,
  precision: StoredPrecision = 'f16',
): Promise<TileSet> {
  const side = Math.round(Math.sqrt(wanted));
  const tiles = side * side;
  const set = { dir: join(root, `${tiles}x${dimensions}`), tiles, dimensions, precision };
  await makeFolder(set.dir);
  const town = madeUpTown(side, dimensions, 1);
  if (!(await isThere(catalogueFile(set)))) await writeCatalogue(catalogueFile(set), town.tiles());
  if (!(await isThere(descriptorFile(set)))) {
    await writeDescriptors(descriptorFile(set), descriptorsOf(town, dimensions, 2), 'f16');
  }
  const kept = descriptorFile(set, precision);
  if (!(await isThere(kept))) {
    await writeDescriptors(kept, await readDescriptors(descriptorFile(set)), precision);
  }
  return set;
}

/** Queries whose products with all rows are computed together. */
const QUERIES_AT_ONCE = 16;

/** Looks at random places between the tiles, each with something of its own, and what comparing all rows answers. */
export async function truthOf(set: TileSet, many: number): Promise<Truth> {
  const path = join(set.dir, `truth-${many}-rows.json`);
  if (await isThere(path)) return JSON.parse(await readFile(path, 'utf8')) as Truth;
  const side = Math.round(Math.sqrt(set.tiles));
  const town = madeUpTown(side, set.dimensions, 1);
  const random = seededRandom(3);
  const queries = Array.from({ length: many }, () => {
    const query = new Float32Array(set.dimensions);
    const [eastM, northM] = [random(), random()].map((x) => x * (side - 1) * STRIDE_M) as [number, number];
    town.describe(eastM, northM, query, random);
    return query;
  });
  const products = new RowProducts(await readStored(descriptorFile(set)));
  const rows: number[][] = [];
  for (let from = 0; from < many; from += QUERIES_AT_ONCE) {
    const group = queries.slice(from, from + QUERIES_AT_ONCE);
    const all = products.all(group);
    for (let q = 0; q < group.length; q++) {
      rows.push(bestRows(all.subarray(q * set.tiles, (q + 1) * set.tiles), WANTED));
    }
  }
  const truth = { queries: queries.flatMap((query) => [...query]), rows };
  await writeFileAtomic(path, JSON.stringify(truth));
  return truth;
}

function bestRows(scores: Float32Array, many: number): number[] {
  let best: Hit[] = [];
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] as number;
    if (best.length === many && score <= (best[many - 1] as Hit).score) continue;
    best = [...best, { row, score }].sort(compareHits).slice(0, many);
  }
  return best.map(({ row }) => row);
}

export interface BuildTimes {
  readonly seconds: number;
  /** Of the processor, all threads: where others compute on the same cores this says more than the clock. */
  readonly processorSeconds?: number;
}

/** Builds the graph unless it is there; how long building took at the time. */
export async function builtGraph(set: TileSet, contestant: Contestant): Promise<BuildTimes> {
  const { kind, precision } = contestant;
  if (kind === 'none') return { seconds: 0, processorSeconds: 0 };
  const path = graphFile(set, contestant);
  const note = `${path}.json`;
  if (!((await isThere(path)) && (await isThere(note)))) {
    const descriptors = await readDescriptors(descriptorFile(set));
    const partial = `${path}.tmp`;
    await rm(partial, { force: true });
    const started = performance.now();
    const cpu = process.cpuUsage();
    let told = started;
    await buildGraph(kind, descriptors, { ...GRAPH, precision }, partial, (done) => {
      if (performance.now() - told < 30_000) return;
      told = performance.now();
      console.error(`${path}: ${done} of ${set.tiles} after ${((told - started) / 1000).toFixed(0)} s`);
    });
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    await rename(partial, path);
    await writeFileAtomic(note, JSON.stringify({ seconds, processorSeconds: (user + system) / 1e6 }));
  }
  return JSON.parse(await readFile(note, 'utf8')) as BuildTimes;
}
