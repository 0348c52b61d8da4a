// What the places of one request take: all looks of a view against a region of 2,116 tiles.
import { join } from 'node:path';
import { performance as clock } from 'node:perf_hooks';
import { lookOffsets } from '../src/describe/index.js';
import { type Look, PlaceFinder, searchPlaces } from '../src/places/index.js';
import { seededRandom } from '../src/random/index.js';
import { buildHnswGraph, Catalogue, ExactIndex } from '../src/search/index.js';
import { descriptorsOf, madeUpTown, STRIDE_M } from './made-up-town.js';

const SIDE = 46;
const REQUESTS = 60;
const WARM_UP = 40;

interface Figures {
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Of the event loop, a request. */
  readonly loopMs: number;
  /** Of all threads, a request: where others compute on the same cores this says more than the clock. */
  readonly cpuMs: number;
  /** Found rows, for comparing. */
  readonly rows: readonly number[];
}

/** Looks of so many a side, as the small town's bundle has them (7, 4 m apart) and the general one (5, 6 m apart). */
const CASES = [
  { side: 7, stepM: 4, dimensions: 256 },
  { side: 7, stepM: 4, dimensions: 784 },
  { side: 5, stepM: 6, dimensions: 512 },
];

async function measure(run: (looks: readonly Look[]) => ReturnType<typeof searchPlaces>, asked: Look[][]) {
  const times: number[] = [];
  const rows: number[] = [];
  let loop = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  for (const [k, looks] of asked.entries()) {
    if (k === WARM_UP) {
      loop = performance.eventLoopUtilization();
      cpu = process.cpuUsage();
    }
    const started = clock.now();
    const [best] = await run(looks);
    if (k < WARM_UP) continue;
    times.push(clock.now() - started);
    rows.push(best?.row ?? -1);
  }
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000 / times.length;
  const { active } = performance.eventLoopUtilization(loop);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] ?? Number.NaN;
  return { medianMs: at(0.5), p95Ms: at(0.95), loopMs: active / times.length, cpuMs, rows } satisfies Figures;
}

/** The same answers by the exact reference (plain JavaScript in the event loop) and by the thread that serves. */
export async function benchPlaces(folder: string): Promise<void> {
  console.log(
    `places of one request among ${SIDE * SIDE} tiles, ms (loop: of the event loop; cpu: of all threads)`,
  );
  console.log(
    'looks x dimensions   plain median / p95 / loop / cpu   served median / p95 / loop / cpu   ratios     same first place',
  );
  for (const { side, stepM, dimensions } of CASES) {
    const town = madeUpTown(SIDE, dimensions, 1);
    const catalogue = new Catalogue(town.tiles());
    const descriptors = descriptorsOf(town, dimensions, 2);
    const path = join(folder, `places-${dimensions}.hnsw`);
    await buildHnswGraph(descriptors, { m: 16, efConstruction: 200, seed: 1 }, path);
    const marginPx = ((side - 1) / 2) * stepM;
    const offsets = lookOffsets({
      tileSizeM: 48,
      inputSizePx: 48,
      searchMarginPx: marginPx,
      searchStepPx: stepM,
    });
    const random = seededRandom(3);
    const asked = Array.from({ length: REQUESTS + WARM_UP }, () => {
      const [eastM, northM] = [random(), random()].map((x) => x * (SIDE - 1) * STRIDE_M) as [number, number];
      return offsets.map((offset) => {
        const descriptor = new Float32Array(dimensions);
        town.describe(eastM + offset.eastM, northM + offset.northM, descriptor, random);
        return { ...offset, descriptor };
      });
    });
    const exact = new ExactIndex(descriptors);
    const source = { kind: 'hnsw', path, descriptors, efSearch: 128 } as const;
    const finder = await PlaceFinder.open({ ...source, catalogue: catalogue.parts });
    const plain = await measure((looks) => searchPlaces({ index: exact, catalogue }, looks, 5), asked);
    const served = await measure((looks) => searchPlaces({ index: finder, catalogue }, looks, 5), asked);
    await finder.close();
    const text = ({ medianMs, p95Ms, loopMs, cpuMs }: Figures) =>
      [medianMs, p95Ms, loopMs, cpuMs].map((ms) => ms.toFixed(1)).join(' / ');
    const same = served.rows.filter((row, k) => row === plain.rows[k]).length / served.rows.length;
    console.log(
      `${`${offsets.length} x ${dimensions}`.padEnd(20)} ${text(plain).padEnd(31)} ${text(served).padEnd(32)} ` +
        `${[plain.medianMs / served.medianMs, plain.cpuMs / served.cpuMs]
          .map((x) => x.toFixed(1))
          .join(' / ')
          .padEnd(10)} ${(100 * same).toFixed(0)} %`,
    );
  }
}
