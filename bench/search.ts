// npm run bench:search: what the places of a request take; what a search takes, by the graph, by a filtered graph and by
// comparing all allowed rows; and what finding the rows of a prior takes among many tiles.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../src/random/index.js';
import {
  buildHnswGraph,
  Catalogue,
  type Descriptors,
  measureRecall,
  ThreadedIndex,
  type Tile,
} from '../src/search/index.js';
import { benchPlaces } from './search-places.js';

const COUNT = Number(process.argv[2] ?? 20_000);
const DIMENSIONS = Number(process.argv[3] ?? 256);
/** As far apart as tiles of a town: descriptors lie near some hundred centres. */
const CENTRES = 400;

function clustered(count: number, dimensions: number, seed: number): Descriptors {
  const random = seededRandom(seed);
  const centres = Float32Array.from({ length: CENTRES * dimensions }, () => random() - 0.5);
  const data = new Float32Array(new SharedArrayBuffer(count * dimensions * 4));
  for (let row = 0; row < count; row++) {
    const centre = Math.floor(random() * CENTRES) * dimensions;
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) vector[i] = (centres[centre + i] as number) + random() - 0.5;
    const norm = Math.hypot(...vector);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) / norm;
  }
  return { count, dimensions, data };
}

async function medianMs(
  index: ThreadedIndex,
  descriptors: Descriptors,
  allowed?: Uint32Array,
): Promise<string> {
  const times: number[] = [];
  for (let k = 0; k < 30; k++) {
    const row = (k * 97) % descriptors.count;
    const query = descriptors.data.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const started = performance.now();
    await index.search(query, 64, allowed);
    times.push(performance.now() - started);
  }
  return (times.sort((a, b) => a - b)[15] ?? Number.NaN).toFixed(2);
}

/** A square town of tiles 16 m apart. */
function* town(side: number): Generator<Tile> {
  for (let k = 0; k < side * side; k++) {
    const place = { lon: 10 + (k % side) * 0.000224, lat: 50 + Math.floor(k / side) * 0.000144 };
    yield { tile: `${k}`, ...place, sizeM: 64, source: 'town' };
  }
}

/** The event loop stands still for so long. */
function benchPriors(): void {
  const side = 1000;
  const catalogue = new Catalogue(town(side));
  const middle = { lon: 10 + side * 0.000112, lat: 50 + side * 0.000072 };
  console.log(`rows of a prior among ${side * side} tiles`);
  for (const radiusM of [100, 1000, 5000, 8000, 1_000_000]) {
    const times = Array.from({ length: 15 }, () => {
      const started = performance.now();
      catalogue.rowsInRadius(middle, radiusM);
      return performance.now() - started;
    }).sort((a, b) => a - b);
    const { length } = catalogue.rowsInRadius(middle, radiusM);
    console.log(
      `${`${radiusM} m`.padEnd(12)} ${`${length} rows`.padEnd(14)} ${times[7]?.toFixed(2)} ms (median)`,
    );
  }
}

const folder = await mkdtemp(join(tmpdir(), 'skyfix-bench-'));
try {
  await benchPlaces(folder);
  const path = join(folder, 'graph.hnsw');
  const descriptors = clustered(COUNT, DIMENSIONS, 1);
  console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`);
  let started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(2);
  await buildHnswGraph(descriptors, { m: 16, efConstruction: 200, seed: 1 }, path);
  console.log(`${COUNT} x ${DIMENSIONS}: built in ${seconds()} s, ${(await stat(path)).size / 1e6} MB`);
  started = performance.now();
  const source = { kind: 'hnsw', path, descriptors, efSearch: 128 } as const;
  const graph = await ThreadedIndex.open({ ...source, exactProducts: 0 });
  console.log(`loaded in ${seconds()} s`);
  const scan = await ThreadedIndex.open({ ...source, exactProducts: Number.POSITIVE_INFINITY });
  const recall = await measureRecall(graph, descriptors, { seed: 1, queries: 100 });
  console.log(`recall@1 ${recall.at1.toFixed(3)}, recall@10 ${recall.at10.toFixed(3)}`);
  console.log(`graph, no filter, k = 64: ${await medianMs(graph, descriptors)} ms (median)`);
  console.log('allowed      filtered graph ms   exact scan ms');
  for (const share of [0.001, 0.01, 0.1, 0.5, 1]) {
    const length = Math.max(1, Math.floor(COUNT * share));
    const allowed = Uint32Array.from({ length }, (_, i) => Math.floor(i / share));
    const times = [await medianMs(graph, descriptors, allowed), await medianMs(scan, descriptors, allowed)];
    console.log(`${`${length}`.padEnd(12)} ${times[0]?.padEnd(19)} ${times[1]}`);
  }
  benchPriors();
  await graph.close();
  await scan.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
