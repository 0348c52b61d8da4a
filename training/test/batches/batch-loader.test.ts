// The batch loader against writeCrop in the main thread, and turned crops and panoramas against a second computation.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { makeRng } from 'skyfix/random';
import { NO_JITTER, writeCrop } from '../../batches/augment.js';
import { BatchLoader } from '../../batches/batch-loader.js';
import { azimuthOfDihedral, type Crop, computeCrop } from '../../batches/crop.js';
import { type ImageSet, imageAt } from '../../stores/image-set.js';
import { fileStore, memoryStore } from '../../stores/image-store.js';
import { StoreFileWriter } from '../../stores/store-file.js';
import { crashThreads } from '../support/crash-threads.js';

const JITTER = { brightness: 0.1, contrast: 0.2, saturation: 0.3, hue: 0.05 };
const PLAIN = { leftPx: 0, topPx: 0, jitter: NO_JITTER, seed: 1, stream: 0, range: 'unit' } as const;

function randomSet(sizePx: number, count: number, seed: number): ImageSet {
  const rng = makeRng(seed);
  return {
    sizePx,
    count,
    data: Uint8Array.from({ length: sizePx * sizePx * 3 * count }, () => rng.int(0, 255)),
  };
}

function crop(set: ImageSet, row: number, one: Omit<Crop, 'store' | 'row'>): Float32Array {
  const out = new Float32Array(one.sizePx * one.sizePx * 3);
  computeCrop({ store: 0, row, ...one }, set, imageAt(set, row).data, out, 0);
  return out;
}

describe('the batch loader', () => {
  const wide = randomSet(20, 6, 1);
  const narrow = randomSet(16, 5, 2);
  let dir = '';
  let path = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-batch-'));
    path = join(dir, 'wide');
    const writer = new StoreFileWriter(path, 20, 6);
    for (let k = 0; k < 6; k++) writer.write(k, imageAt(wide, k).data);
    writer.close();
  });
  after(() => rm(dir, { recursive: true }));

  const crops = (step: number): Crop[] => {
    const rng = makeRng(9, step);
    return Array.from({ length: 7 }, (_, slot) => ({
      store: slot % 2,
      row: rng.int(0, 4),
      leftPx: slot % 2 ? 0 : rng.int(0, 4),
      topPx: slot % 2 ? 0 : rng.int(0, 4),
      sizePx: 16,
      dihedral: rng.int(0, 7),
      jitter: JITTER,
      seed: step,
      stream: slot,
      range: slot % 3 ? 'unit' : 'signed',
    }));
  };

  it('gives the bits that writeCrop writes, whatever the number of threads and the order of asking', async () => {
    for (const threads of [1, 3]) {
      const loader = new BatchLoader([fileStore(path), memoryStore(narrow)], { threads });
      const asked = [0, 1, 2, 3].map((step) => loader.load(crops(step)));
      for (const [step, batch] of (await Promise.all(asked)).entries()) {
        const expected = new Float32Array(7 * 16 * 16 * 3);
        crops(step).forEach(({ store, row, seed, stream, ...rest }, slot) => {
          writeCrop(store ? narrow : wide, row, expected, slot, { ...rest, rng: makeRng(seed, stream) });
        });
        assert.deepEqual(batch, expected);
      }
      await loader.close();
    }
  });

  it('rejects what cannot be cropped and goes on; a damaged file keeps its code', async () => {
    const broken = join(dir, 'broken');
    const writer = new StoreFileWriter(broken, 20, 2); // no image is written: no checksum fits
    writer.close();
    const loader = new BatchLoader([fileStore(path), fileStore(broken)]);
    const one = { store: 0, row: 0, sizePx: 16, dihedral: 0, ...PLAIN };
    await assert.rejects(loader.load([{ ...one, leftPx: 5 }]), RangeError);
    await assert.rejects(loader.load([{ ...one, row: 6 }]), RangeError);
    await assert.rejects(loader.load([{ ...one, store: 2 }]), RangeError);
    await assert.rejects(loader.load([one, { ...one, sizePx: 8 }]), RangeError);
    await assert.rejects(loader.load([{ ...one, panorama: true }]), RangeError);
    await assert.rejects(loader.load([{ ...one, store: 1 }]), { code: 'DATASET_INVALID' });
    assert.equal((await loader.load([one])).length, 16 * 16 * 3);
    await loader.close();
    await assert.rejects(loader.load([one]), /closed/);
  });

  it('lets batches that are still awaited when it is closed finish', async () => {
    const loader = new BatchLoader([memoryStore(wide)]);
    const awaited = loader.load(
      Array.from({ length: 400 }, () => ({ store: 0, row: 0, sizePx: 20, dihedral: 0, ...PLAIN })),
    );
    await loader.close();
    assert.equal((await awaited).length, 400 * 20 * 20 * 3);
  });

  it('rejects what is asked of a thread that died, before and after', async () => {
    const crashes = crashThreads();
    const loader = new BatchLoader([memoryStore(wide)]);
    crashes.stop();
    const one = { store: 0, row: 0, sizePx: 16, dihedral: 0, ...PLAIN };
    await assert.rejects(loader.load([one]), { name: 'ThreadDied', message: /of the batch loader died/ });
    await assert.rejects(loader.load([one]), { name: 'ThreadDied' });
    assert.equal(crashes.count, 1);
    await loader.close();
  });

  it('keeps the process alive until it is closed, also where a batch comes in between', async () => {
    const url = (module: string) => JSON.stringify(new URL(`../../${module}.js`, import.meta.url).href);
    const one: Crop = { store: 0, row: 0, sizePx: 8, dihedral: 0, ...PLAIN };
    const script = `import { BatchLoader } from ${url('batches/batch-loader')};
      import { memoryStore } from ${url('stores/image-store')};
      const store = memoryStore({ sizePx: 8, count: 1, data: new Uint8Array(192) });
      for (let round = 0; round < 4; round++) {
        const loader = new BatchLoader([store]);
        await loader.load([${JSON.stringify(one)}]);
        loader.load([${JSON.stringify(one)}]).catch(() => {});
        // As a training step does: the batch is there before the loader is closed, but nobody has looked yet.
        for (const until = performance.now() + 10; performance.now() < until; );
        await loader.close();
      }
      console.log('closed');`;
    const file = join(dir, 'closes.mjs');
    await writeFile(file, script);
    const child = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    assert.deepEqual([child.status, child.stdout], [0, 'closed\n'], child.stderr);
  });
});

describe('turned crops', () => {
  /** A ground whose colour is a smooth function of the place, seen in a stored image. */
  const colour = (east: number, north: number): readonly number[] => [
    128 + 100 * Math.sin(east / 9 + 1) * Math.cos(north / 11),
    128 + 60 * Math.sin(north / 7) + 40 * Math.cos(east / 8),
    128 + 90 * Math.cos((east + 2 * north) / 20),
  ];
  const stored = (sizePx: number): ImageSet => {
    const data = new Uint8Array(sizePx * sizePx * 3);
    const c = (sizePx - 1) / 2;
    for (let i = 0; i < sizePx; i++) {
      for (let j = 0; j < sizePx; j++) data.set(colour(j - c, c - i).map(Math.round), (i * sizePx + j) * 3);
    }
    return { sizePx, count: 1, data };
  };

  it('equal crops by symmetry at multiples of 90 degrees', () => {
    const set = randomSet(12, 1, 3);
    // Clockwise by 90 degrees: out(i, j) = in(last - j, i), transposed and then flipped in rows.
    for (const [turnDeg, dihedral] of [
      [90, 4 | 2],
      [180, 3],
      [270, 4 | 1],
      [-90, 4 | 1],
      [360, 0],
    ] as const) {
      const turned = crop(set, 0, { ...PLAIN, sizePx: 12, dihedral: 0, turnDeg });
      const flipped = crop(set, 0, { ...PLAIN, sizePx: 12, dihedral });
      turned.forEach((value, k) => {
        assert.ok(Math.abs(value - (flipped[k] ?? Number.NaN)) < 1e-6, `${turnDeg} degrees, value ${k}`);
      });
    }
  });

  it('show the ground clockwise by the angle, from the margin where there is one and black beyond', () => {
    const size = 16;
    const set = stored(28);
    const c = (size - 1) / 2;
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), fc.nat(7), (turnDeg, dihedral) => {
        const seen = crop(set, 0, { ...PLAIN, leftPx: 6, topPx: 6, sizePx: size, dihedral, turnDeg });
        for (let i = 0; i < size; i += 3) {
          for (let j = 0; j < size; j += 3) {
            const azimuth = (Math.atan2(j - c, c - i) * 180) / Math.PI;
            const { sign, offsetDeg } = azimuthOfDihedral(dihedral);
            const from = ((sign * azimuth + offsetDeg - turnDeg) * Math.PI) / 180;
            const radius = Math.hypot(j - c, c - i);
            const expected = colour(radius * Math.sin(from), radius * Math.cos(from));
            for (let k = 0; k < 3; k++) {
              const value = (seen[(i * size + j) * 3 + k] ?? Number.NaN) * 255;
              assert.ok(Math.abs(value - (expected[k] ?? 0)) < 2, `${value} and ${expected[k]}`);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
    const corner = crop(stored(size), 0, { ...PLAIN, sizePx: size, dihedral: 0, turnDeg: 45 });
    assert.deepEqual([...corner.subarray(0, 3)], [0, 0, 0]);
  });

  it('of a panorama show at every azimuth what the turned ground shows there', () => {
    const size = 64;
    // A picture whose value is the azimuth; around the antimeridian of the azimuth the comparison is circular.
    const panorama: ImageSet = { sizePx: size, count: 1, data: new Uint8Array(size * size * 3) };
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) panorama.data[(i * size + j) * 3] = j;
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), fc.nat(7), (turnDeg, dihedral) => {
        const seen = crop(panorama, 0, { ...PLAIN, sizePx: size, dihedral, turnDeg, panorama: true });
        const { sign, offsetDeg } = azimuthOfDihedral(dihedral);
        for (let j = 0; j < size; j++) {
          const azimuth = ((j + 0.5) / size - 0.5) * 360;
          const from = sign * azimuth + offsetDeg - turnDeg;
          const column = Math.round((seen[(3 * size + j) * 3] ?? Number.NaN) * 255);
          const shown = ((column + 0.5) / size - 0.5) * 360;
          const apart = Math.abs(((((shown - from) % 360) + 540) % 360) - 180);
          assert.ok(apart <= 180 / size + 1e-6, `${apart} degrees apart at column ${j}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keep azimuths as the symmetries of the square do', () => {
    // Out of the pixels: where does a symmetry put a mark that lies at a known azimuth?
    const size = 21;
    const c = 10;
    for (let dihedral = 0; dihedral < 8; dihedral++) {
      for (const [east, north] of [
        [3, 8],
        [-9, 2],
        [0, -7],
        [5, -6],
      ] as const) {
        const set: ImageSet = { sizePx: size, count: 1, data: new Uint8Array(size * size * 3) };
        set.data[((c - north) * size + c + east) * 3] = 255;
        const seen = crop(set, 0, { ...PLAIN, sizePx: size, dihedral });
        const at = seen.indexOf(1) / 3;
        const azimuth = (Math.atan2((at % size) - c, c - Math.floor(at / size)) * 180) / Math.PI;
        const { sign, offsetDeg } = azimuthOfDihedral(dihedral);
        const from = sign * azimuth + offsetDeg;
        const truth = (Math.atan2(east, north) * 180) / Math.PI;
        assert.ok(Math.abs(((((from - truth) % 360) + 540) % 360) - 180) < 1e-9, `${dihedral}`);
      }
    }
  });
});
