// What a made-up town of some size costs in a cluster: writing it, one search, the places of a request, a whole request.
import { setTimeout as wait } from 'node:timers/promises';
import { demoPanoramas, percentile, processorMsOf } from '../loadtest/index.js';
import { type Bundle, loadBundle } from '../src/bundles/index.js';
import { loadConfig } from '../src/config/index.js';
import { lookOffsets, type Networks, openNetworks } from '../src/describe/index.js';
import { chooseEngine, type InferenceEngine } from '../src/engines/index.js';
import { BevTableCache } from '../src/geometry/index.js';
import { locate } from '../src/locate/index.js';
import { type Look, RemotePlaceFinder, searchPlaces } from '../src/places/index.js';
import { seededRandom } from '../src/random/index.js';
import type { LoadedRegion } from '../src/regions/index.js';
import { Catalogue, type Descriptors, ExactIndex } from '../src/search/index.js';
import { INDEX_SCHEMA } from '../src/versions/index.js';
import {
  Cluster,
  type ClusterAddress,
  cellLengthFor,
  createCollection,
  deleteCollection,
  nearestRows,
  writeRows,
  writtenShards,
} from '../src/weaviate/index.js';
import { descriptorsOf, madeUpTown, SIZE_M, STRIDE_M } from './made-up-town.js';

export interface ClusterBenchOptions {
  readonly tiles: number;
  readonly dimensions: number;
  readonly rounds: number;
  readonly replicas: number;
  readonly quantise: boolean;
  /** Whose networks a whole request runs. */
  readonly bundleDir: string;
  readonly panoramasDir: string;
  /** Of the nodes, where they run on this machine. */
  readonly pids: readonly number[];
}

export interface StepTimes {
  readonly of: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Processor time of the nodes for each, all together; NaN where they run elsewhere. */
  readonly nodesMs: number;
  /** And of this process, which is the server. */
  readonly ownMs: number;
}

export interface ClusterFigures {
  readonly tiles: number;
  readonly dimensions: number;
  readonly rowsPerSecond: number;
  readonly times: readonly StepTimes[];
  /** What ran the networks. */
  readonly engine: string;
  /** First places that are those of exact search, of so many. */
  readonly same: number;
  readonly compared: number;
}

const COLLECTION = 'SkyfixBench';
/** Exact search of many looks among many tiles takes seconds. */
const COMPARED = 20;
/** A node is tried with thousands of rows before it is asked: the other nodes in the background, after the first. */
const SETTLE_WITHIN_MS = 240_000;
const SETTLE_LOOK_MS = 2_000;
/** Nodes that compute less than this share of a core have nothing to do. */
const IDLE_SHARE = 0.1;
const NEAREST = 10;

/** Writes the town, measures, and removes it. Throws CLUSTER_UNAVAILABLE. */
export async function clusterFigures(
  address: ClusterAddress,
  options: ClusterBenchOptions,
): Promise<ClusterFigures> {
  const { dimensions, rounds, replicas, quantise } = options;
  const side = Math.round(Math.sqrt(options.tiles));
  const town = madeUpTown(side, dimensions, 1);
  const catalogue = new Catalogue(town.tiles());
  const descriptors = descriptorsOf(town, dimensions, 2);
  const { count } = descriptors;
  const cluster = new Cluster(address);
  try {
    await deleteCollection(cluster, COLLECTION);
    const shards = address.urls.length;
    await createCollection(cluster, COLLECTION, { replicas, shards, ...(quantise && { quantiseBits: 8 }) });
    const started = performance.now();
    await writeRows(cluster, { collection: COLLECTION, descriptors, catalogue });
    const rowsPerSecond = (1000 * count) / (performance.now() - started);
    console.error(`${count} x ${dimensions}: ${rowsPerSecond.toFixed(0)} rows written a second`);
    const source = {
      address,
      collection: COLLECTION,
      dimensions,
      shards: await writtenShards(cluster, COLLECTION, { count, replicas }),
      cellLength: cellLengthFor(catalogue),
      catalogue: catalogue.parts,
    };
    const finder = await RemotePlaceFinder.openRemote({ ...source, descriptors });
    try {
      await settled(options.pids);
      const asked = looksOf(side, dimensions, town, rounds);
      const middle = (looks: readonly Look[]) => (looks[looks.length >> 1] as Look).descriptor;
      const { pids } = options;
      const one = await timesOf('one search, the ten nearest tiles', asked, pids, (looks) =>
        nearestRows(cluster, { collection: COLLECTION, queries: [middle(looks)], limit: NEAREST }),
      );
      const tiles = { index: finder, catalogue };
      const firsts: (number | undefined)[] = [];
      const looks = `${asked[0]?.length} looks`;
      const places = await timesOf(`places of a request, ${looks}`, asked, pids, async (each) => {
        firsts.push((await searchPlaces(tiles, each, 5))[0]?.row);
      });
      const { times, engine } = await wholeRequests({ ...options, finder, catalogue });
      const fetched = await fetchingPlaces(source, asked, options);
      const same = await sameAsExact(descriptors, catalogue, asked.slice(0, COMPARED), firsts);
      const compared = Math.min(COMPARED, asked.length);
      return {
        tiles: count,
        dimensions,
        rowsPerSecond,
        times: [one, places, times, ...fetched],
        engine,
        same,
        compared,
      };
    } finally {
      await finder.close();
    }
  } finally {
    await deleteCollection(cluster, COLLECTION);
    cluster.close();
  }
}

/** Resolves when the nodes compute nothing any more, or after some minutes. */
async function settled(pids: readonly number[]): Promise<void> {
  const endsAt = performance.now() + SETTLE_WITHIN_MS;
  const started = performance.now();
  let idle = false;
  while (!idle && performance.now() < endsAt) {
    const before = computedMs(pids);
    await wait(SETTLE_LOOK_MS);
    // Those that run elsewhere cannot be seen: NaN is never idle.
    idle = computedMs(pids) - before < IDLE_SHARE * SETTLE_LOOK_MS;
  }
  console.error(`the nodes were done after ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

const computedMs = (pids: readonly number[]) =>
  pids.length === 0 ? Number.NaN : pids.reduce((sum, pid) => sum + processorMsOf(pid), 0);

/** The same where the descriptors come from the cluster, which sends cells: for the first time, and once they are there. */
async function fetchingPlaces(
  source: Parameters<typeof RemotePlaceFinder.openRemote>[0],
  asked: readonly (readonly Look[])[],
  { pids }: ClusterBenchOptions,
): Promise<readonly StepTimes[]> {
  const fetching = await RemotePlaceFinder.openRemote(source);
  try {
    await settled(pids);
    const tiles = { index: fetching, catalogue: new Catalogue(source.catalogue) };
    const ask = (each: readonly Look[]) => searchPlaces(tiles, each, 5);
    const cold = await timesOf('places, descriptors from the cluster', asked, pids, ask);
    return [cold, await timesOf('the same, those descriptors kept', asked, pids, ask)];
  } finally {
    await fetching.close();
  }
}

/** Of panoramas that stand anywhere in the town, 25 looks each. */
function looksOf(
  side: number,
  dimensions: number,
  town: ReturnType<typeof madeUpTown>,
  rounds: number,
): readonly (readonly Look[])[] {
  const offsets = lookOffsets({
    tileSizeM: SIZE_M,
    inputSizePx: SIZE_M,
    searchMarginPx: 12,
    searchStepPx: 6,
  });
  const random = seededRandom(3);
  return Array.from({ length: rounds }, () => {
    const [eastM = 0, northM = 0] = [random(), random()].map((share) => share * (side - 1) * STRIDE_M);
    return offsets.map((offset) => {
      const descriptor = new Float32Array(dimensions);
      town.describe(eastM + offset.eastM, northM + offset.northM, descriptor, random);
      return { ...offset, descriptor };
    });
  });
}

async function timesOf<A>(
  of: string,
  all: readonly A[],
  pids: readonly number[],
  run: (one: A) => Promise<unknown>,
): Promise<StepTimes> {
  const times: number[] = [];
  const [nodesBefore, ownBefore] = [computedMs(pids), process.cpuUsage()];
  for (const one of all) {
    const before = performance.now();
    await run(one);
    times.push(performance.now() - before);
  }
  const [p50Ms = Number.NaN, p95Ms = Number.NaN, p99Ms = Number.NaN] = [50, 95, 99].map((p) =>
    percentile(times, p),
  );
  const nodesMs = (computedMs(pids) - nodesBefore) / all.length;
  const own = process.cpuUsage(ownBefore);
  const ownMs = (own.user + own.system) / 1000 / all.length;
  const figures = [p50Ms, p95Ms, p99Ms, nodesMs, ownMs].map((ms) => ms.toFixed(1));
  console.error(`${of}: ${figures.slice(0, 3).join(' / ')} ms, nodes ${figures[3]}, own ${figures[4]}`);
  return { of, p50Ms, p95Ms, p99Ms, nodesMs, ownMs };
}

interface WholeRequest extends ClusterBenchOptions {
  readonly finder: RemotePlaceFinder;
  readonly catalogue: Catalogue;
}

/** Panoramas that ship, from their bytes to an answer: none of the made-up tiles is right, all that is done is. */
async function wholeRequests({ finder, catalogue, ...options }: WholeRequest) {
  const { bundleDir, panoramasDir, dimensions, rounds } = options;
  const config = loadConfig(process.env);
  const bundle = await loadBundle(bundleDir);
  const engine = await chooseEngine(config);
  const networks = await openNetworks(bundle, { threads: config.threads || 2, engine });
  try {
    const wide = widened(bundle, networks, dimensions);
    const region: LoadedRegion = {
      name: 'bench',
      ...wide,
      version: versionOf(finder, catalogue, wide.bundle),
      tables: new BevTableCache(),
    };
    const panoramas = await demoPanoramas(panoramasDir);
    const ask = (k: number) =>
      locate(region, panoramas[k % panoramas.length] as Buffer, { top: 5, headingDeg: 0, distinct: true });
    // What is done once: networks prepare, tables are built.
    for (let k = 0; k < 3; k++) await ask(k);
    const rows = Array.from({ length: rounds }, (_, k) => k);
    const name = bundle.manifest.name;
    const repeated =
      dimensions === bundle.manifest.descriptor.dimensions ? '' : ', descriptors repeated to so many numbers';
    const what = `a whole request, networks of \`${name}\`${repeated}`;
    const times = await timesOf(what, rows, options.pids, ask);
    return { times, engine: `${networks.encoder.description}, ${networks.encoder.precision}` };
  } finally {
    await networks.close();
  }
}

/** The bundle with descriptors of so many numbers: its own, over and over, of unit length as they were. Throws for others. */
function widened(bundle: Bundle, { generator, encoder }: Networks, dimensions: number) {
  const own = bundle.manifest.descriptor.dimensions;
  const times = dimensions / own;
  if (!Number.isInteger(times))
    throw new Error(`${dimensions} dimensions are no multiple of the bundle's ${own}.`);
  const wide: InferenceEngine = {
    description: encoder.description,
    precision: encoder.precision,
    get state() {
      return encoder.state;
    },
    async run(input) {
      const { data, shape } = await encoder.run(input);
      const repeated = new Float32Array(data.length * times);
      for (let from = 0; from < data.length; from += own) {
        const scaled = data.subarray(from, from + own).map((value) => value / Math.sqrt(times));
        for (let k = 0; k < times; k++) repeated.set(scaled, from * times + k * own);
      }
      return { data: repeated, shape: [...shape.slice(0, -1), dimensions] };
    },
    close: () => encoder.close(),
  };
  const manifest = { ...bundle.manifest, descriptor: { ...bundle.manifest.descriptor, dimensions } };
  const networks = { encoder: times === 1 ? encoder : wide, ...(generator && { generator }) };
  return { bundle: { ...bundle, manifest }, networks };
}

/** What a request sees of a version. */
function versionOf(finder: RemotePlaceFinder, catalogue: Catalogue, bundle: Bundle): LoadedRegion['version'] {
  const { name, version } = bundle.manifest;
  const { count, dimensions } = finder;
  return {
    dir: '',
    bundleDir: '',
    index: finder,
    catalogue,
    manifest: {
      schema: INDEX_SCHEMA,
      version: 'bench',
      createdAt: new Date(0).toISOString(),
      bundle: { name, version, encoderSha256: bundle.encoderSha256 },
      count,
      dimensions,
      graph: { kind: 'none', m: 16, efConstruction: 200, efSearch: 128, seed: 1 },
      tiles: { sizeM: SIZE_M, strideM: STRIDE_M, source: 'made up' },
      bounds: [0, 0, 0, 0],
      recall: { at1: 1, at10: 1, queries: 0 },
      files: {},
    },
    basemap: undefined,
    outline: undefined,
    trusted: [],
    close: () => finder.close(),
  };
}

/** How many first places of some requests are those of comparing all tiles. */
async function sameAsExact(
  descriptors: Descriptors,
  catalogue: Catalogue,
  asked: readonly (readonly Look[])[],
  firsts: readonly (number | undefined)[],
): Promise<number> {
  const index = new ExactIndex(descriptors);
  let same = 0;
  for (const [k, looks] of asked.entries()) {
    const [best] = await searchPlaces({ index, catalogue }, looks, 5);
    if (best?.row === firsts[k]) same++;
  }
  return same;
}
