// Made-up regions of many tiles, kept in a folder, so that a benchmark that is stopped goes on: their descriptors, queries with
// the exact answers, their catalogue, and the graphs of every engine.
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../src/files/index.js';
import { seededRandom } from '../src/random/index.js';
import {
  buildGraph,
  type GraphKind,
  type GraphPrecision,
  readDescriptors,
  ThreadedIndex,
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
}

export const descriptorFile = ({ dir }: TileSet): string => join(dir, 'descriptors.f16');
export const catalogueFile = ({ dir }: TileSet): string => join(dir, 'catalogue.bin');
export const graphFile = ({ dir }: TileSet, { kind, precision }: Contestant): string =>
  kind === 'none'
    ? join(dir, 'descriptors.f16')
    : join(dir, `graph${precision ? `-${precision}` : ''}.${kind}`);

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Queries and the scores of their ten best rows. */
export interface Truth {
  /** [queries * dimensions] */
  readonly queries: readonly number[];
  readonly scores: readonly (readonly number[])[];
  /** Of one comparison of all rows, milliseconds. */
  readonly exactMs: number;
}

/** Makes what is missing of a square region of about so many tiles. */
export async function tileSet(root: string, wanted: number, dimensions: number): Promise<TileSet> {
  const side = Math.round(Math.sqrt(wanted));
  const tiles = side * side;
  const set = { dir: join(root, `${tiles}x${dimensions}`), tiles, dimensions };
  await makeFolder(set.dir);
  const town = madeUpTown(side, dimensions, 1);
  if (!(await isThere(catalogueFile(set)))) await writeCatalogue(catalogueFile(set), town.tiles());
  if (!(await isThere(descriptorFile(set)))) {
    await writeDescriptors(descriptorFile(set), descriptorsOf(town, dimensions, 2), 'f16');
  }
  return set;
}

/** Looks at random places between the tiles, each with something of its own, and what comparing all rows answers. */
export async function truthOf(set: TileSet, many: number): Promise<Truth> {
  const path = join(set.dir, `truth-${many}.json`);
  if (await isThere(path)) return JSON.parse(await readFile(path, 'utf8')) as Truth;
  const side = Math.round(Math.sqrt(set.tiles));
  const town = madeUpTown(side, set.dimensions, 1);
  const random = seededRandom(3);
  const descriptors = await readDescriptors(descriptorFile(set));
  const exact = await ThreadedIndex.open({
    ...{ kind: 'none', path: descriptorFile(set), descriptors, efSearch: EF_SEARCH },
  });
  const queries: number[] = [];
  const scores: number[][] = [];
  let exactMs = 0;
  try {
    for (let k = 0; k < many; k++) {
      const query = new Float32Array(set.dimensions);
      const [eastM, northM] = [random(), random()].map((x) => x * (side - 1) * STRIDE_M) as [number, number];
      town.describe(eastM, northM, query, random);
      const started = performance.now();
      const hits = await exact.search(query, WANTED);
      exactMs += (performance.now() - started) / many;
      queries.push(...query);
      scores.push(hits.map(({ score }) => score));
    }
  } finally {
    await exact.close();
  }
  const truth = { queries, scores, exactMs };
  await writeFileAtomic(path, JSON.stringify(truth));
  return truth;
}

/** Builds the graph unless it is there; how long building took, seconds, at the time. */
export async function builtGraph(set: TileSet, contestant: Contestant): Promise<number> {
  const { kind, precision } = contestant;
  if (kind === 'none') return 0;
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
  return (JSON.parse(await readFile(note, 'utf8')) as { seconds: number }).seconds;
}
