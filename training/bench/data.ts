// node training/dist/bench/data.js: how fast data is prepared with one thread and with one a core, and how long a batch
// takes to load. On made-up pictures in a temporary folder, of the published sizes.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharp } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import type { Crop } from '../batches/index.js';
import { BatchLoader } from '../batches/index.js';
import { openDataset, publishedGeometry } from '../datasets/index.js';
import type { PreparedArea } from '../images/index.js';
import { prepareArea } from '../images/index.js';
import type { ImageStore } from '../stores/index.js';

const PAIRS = 240;
const ROUNDS = 2;
const BATCHES = 40;
const JITTER = { brightness: 0.03, contrast: 0.08, saturation: 0.1, hue: 0.03 };

/** JPEG of smooth random colours: about as many bytes, and as much to decode, as a photo. */
async function putPicture(path: string, width: number, height: number, seed: number): Promise<void> {
  const rng = makeRng(seed);
  const small = { width: Math.ceil(width / 4), height: Math.ceil(height / 4), channels: 3 } as const;
  const data = Uint8Array.from({ length: small.width * small.height * 3 }, () => rng.int(40, 215));
  await writeFile(
    path,
    await sharp(data, { raw: small }).resize(width, height).jpeg({ quality: 90 }).toBuffer(),
  );
}

/** CVUSA's layout and sizes: strips of 1232 x 224, tiles of 750 x 750. */
async function writeCvusa(root: string): Promise<void> {
  for (const folder of ['bingmap/19', 'streetview/panos', 'splits'])
    await mkdir(join(root, folder), { recursive: true });
  const names = Array.from({ length: PAIRS }, (_, k) => `${String(k + 1).padStart(7, '0')}.jpg`);
  for (const [k, name] of names.entries()) {
    await putPicture(join(root, 'streetview/panos', name), 1232, 224, 2 * k);
    await putPicture(join(root, 'bingmap/19', name), 750, 750, 2 * k + 1);
  }
  const rows = names.map((name) => `bingmap/19/${name},streetview/panos/${name}`);
  await writeFile(join(root, 'splits/train-19zl.csv'), rows.join('\n'));
}

function cropsOf(store: number, source: ImageStore, batch: number, step: number): readonly Crop[] {
  const rng = makeRng(1, step);
  return Array.from({ length: batch }, (_, slot) => ({
    store,
    row: rng.int(0, source.count - 1),
    leftPx: 0,
    topPx: 0,
    sizePx: source.sizePx,
    dihedral: rng.int(0, 7),
    jitter: JITTER,
    seed: step,
    stream: slot,
    range: 'unit',
  }));
}

/** Milliseconds to wait for a batch of pairs that is asked for only now, median and worst. */
async function batchTimes(area: PreparedArea, batch: number): Promise<string> {
  const loader = new BatchLoader([area.bevs, area.tiles]);
  const times: number[] = [];
  for (let step = 0; step < BATCHES; step++) {
    const started = performance.now();
    await Promise.all([
      loader.load(cropsOf(0, area.bevs, batch, step)),
      loader.load(cropsOf(1, area.tiles, batch, step)),
    ]);
    times.push(performance.now() - started);
  }
  await loader.close();
  times.splice(0, 3); // the thread's start
  times.sort((a, b) => a - b);
  return `${times[times.length >> 1]?.toFixed(1)} (${times.at(-1)?.toFixed(1)})`;
}

const dir = await mkdtemp(join(tmpdir(), 'skyfix-bench-data-'));
try {
  const root = join(dir, 'cvusa');
  await writeCvusa(root);
  const dataset = await openDataset({ format: 'cvusa', root, splits: ['train'] });
  console.log(
    `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`,
  );
  console.log(
    `preparing ${PAIRS} pairs of CVUSA's sizes (a BEV and a tile each), threads started, best of ${ROUNDS}`,
  );
  console.log('input   threads   pairs/s   cores busy');
  const areas = new Map<number, PreparedArea>();
  for (const sizePx of [64, 256]) {
    const geometry = publishedGeometry('cvusa', sizePx);
    if (!geometry) throw new Error('CVUSA has no geometry.');
    for (const threads of new Set([1, availableParallelism()])) {
      let best = { seconds: Number.POSITIVE_INFINITY, busy: 0 };
      for (let round = 0; round < ROUNDS; round++) {
        const cacheDir = join(dir, `${sizePx}-${threads}-${round}`);
        const [started, before] = [performance.now(), process.cpuUsage()];
        areas.set(sizePx, await prepareArea(dataset, 'train', geometry, { cacheDir, threads }));
        const seconds = (performance.now() - started) / 1000;
        const { user, system } = process.cpuUsage(before);
        if (seconds < best.seconds) best = { seconds, busy: (user + system) / 1e6 / seconds };
      }
      const cells = [`${sizePx} px`.padEnd(7), String(threads).padEnd(9)];
      console.log([...cells, (PAIRS / best.seconds).toFixed(1).padEnd(9), best.busy.toFixed(2)].join(' '));
    }
  }
  console.log('loading a batch of pairs that is asked for only when it is needed, ms, median (worst)');
  for (const [sizePx, batch] of [
    [64, 32],
    [256, 8],
  ] as const) {
    const area = areas.get(sizePx);
    if (area) console.log(`${batch} pairs at ${sizePx} px: ${await batchTimes(area, batch)}`);
  }
} finally {
  await rm(dir, { recursive: true });
}
