// npm run bench:weaviate -- --cluster URL[,URL] --cluster-grpc URL[,URL] [--side N] [--dimensions D] [--rounds N] [--replicas N]:
// places of one request in a cluster beside the same in memory, for a made-up town of side x side tiles.
import { parseArgs } from 'node:util';
import { median, percentile } from '../loadtest/index.js';
import { lookOffsets } from '../src/describe/index.js';
import { type Look, RemotePlaceFinder, searchPlaces } from '../src/places/index.js';
import { seededRandom } from '../src/random/index.js';
import { Catalogue, ExactIndex } from '../src/search/index.js';
import {
  Cluster,
  cellLengthFor,
  createCollection,
  deleteCollection,
  writeRows,
  writtenShards,
} from '../src/weaviate/index.js';
import { descriptorsOf, madeUpTown, STRIDE_M } from './made-up-town.js';

const { values } = parseArgs({
  options: {
    cluster: { type: 'string', default: 'http://127.0.0.1:8080' },
    'cluster-grpc': { type: 'string', default: '' },
    side: { type: 'string', default: '245' },
    dimensions: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '100' },
    replicas: { type: 'string', default: '1' },
    quantise: { type: 'boolean', default: false },
  },
});
const [side, dimensions, rounds, replicas] = [
  values.side,
  values.dimensions,
  values.rounds,
  values.replicas,
].map(Number) as [number, number, number, number];
const listed = (text: string) => text.split(',').filter(Boolean);
const urls = listed(values.cluster);
const address = { urls, grpcUrls: listed(values['cluster-grpc']), deadlineMs: 10_000 };
const collection = 'SkyfixBench';

const town = madeUpTown(side, dimensions, 1);
const catalogue = new Catalogue(town.tiles());
const descriptors = descriptorsOf(town, dimensions, 2);
const { count } = descriptors;
const cluster = new Cluster(address);
await deleteCollection(cluster, collection);
await createCollection(cluster, collection, {
  replicas,
  shards: urls.length,
  ...(values.quantise && { quantiseBits: 8 }),
});
const started = performance.now();
await writeRows(cluster, { collection, descriptors, catalogue });
const writeS = (performance.now() - started) / 1000;
console.log(`${count} tiles x ${dimensions}: ${(count / writeS).toFixed(0)} rows written a second`);
const shards = await writtenShards(cluster, collection, { count, replicas });
const cellLength = cellLengthFor(catalogue);
const source = { address, collection, dimensions, shards, cellLength };
const remote = await RemotePlaceFinder.openRemote({ ...source, catalogue: catalogue.parts });

/** Looks as the general bundle has them: 5 a side, 6 m apart. */
const offsets = lookOffsets({ tileSizeM: 48, inputSizePx: 48, searchMarginPx: 12, searchStepPx: 6 });
const random = seededRandom(3);
const looksAt = (): Look[] => {
  const [eastM, northM] = [random(), random()].map((x) => x * (side - 1) * STRIDE_M) as [number, number];
  return offsets.map((offset) => {
    const descriptor = new Float32Array(dimensions);
    town.describe(eastM + offset.eastM, northM + offset.northM, descriptor, random);
    return { ...offset, descriptor };
  });
};
const asked = Array.from({ length: rounds }, looksAt);

async function timesOf(index: Parameters<typeof searchPlaces>[0]['index']) {
  const times: number[] = [];
  const rows: number[] = [];
  for (const looks of asked) {
    const before = performance.now();
    const [best] = await searchPlaces({ index, catalogue }, looks, 5);
    times.push(performance.now() - before);
    rows.push(best?.row ?? -1);
  }
  return { times, rows };
}

console.log('places of a request, ms          median     p95');
const lines = (what: string, times: readonly number[]) =>
  console.log(
    `${what.padEnd(30)} ${median(times).toFixed(1).padStart(8)} ${percentile(times, 95).toFixed(1).padStart(7)}`,
  );
const cold = await timesOf(remote);
lines('cluster, descriptors fetched', cold.times);
const warm = await timesOf(remote);
lines('cluster, descriptors kept', warm.times);
await remote.close();
const exact = new ExactIndex(descriptors);
const few = asked.splice(10);
const truth = await timesOf(exact);
const same = truth.rows.filter((row, k) => row === cold.rows[k]).length;
console.log(
  `the same first place as exact search: ${same} of ${truth.rows.length} (${few.length} not compared)`,
);
await deleteCollection(cluster, collection);
cluster.close();
