// Features by an engine, against the mean colours of cells computed in loops: the trunk of these tests is an average.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256OfBytes } from 'skyfix/files';
import { OnnxGraph } from 'skyfix/onnx';
import { makeRng } from 'skyfix/random';
import {
  cachedFeatures,
  changedImages,
  storedImages,
  type TrunkFile,
  turnedImages,
  withNadirHole,
} from '../../features/index.js';
import { FeatureWriter, featureMapAt, memoryStore } from '../../stores/index.js';

const SIZE = 96;
const COUNT = 11;

/** "image" [B, 3, H, W] → the mean of every 32 × 32 pixels. */
function meanTrunk(): Uint8Array {
  const graph = new OnnxGraph('mean-trunk');
  const image = graph.input('image', ['B', 3, 'H', 'W']);
  const mean = graph.node('AveragePool', [image], { kernel_shape: [32, 32], strides: [32, 32] }, 'features');
  graph.output(mean, ['B', 3, 'h', 'w']);
  return graph.encode();
}

describe('cached features', () => {
  let dir = '';
  let trunk: TrunkFile = { path: '', sha256: '', channels: 3 };
  const rng = makeRng(8);
  const data = Uint8Array.from({ length: COUNT * SIZE * SIZE * 3 }, () => rng.int(1, 255));
  data.fill(0, 0, SIZE * 16 * 3); // the first image's upper 16 rows were not seen
  const images = storedImages(memoryStore({ sizePx: SIZE, count: COUNT, data }));

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-features-'));
    const bytes = meanTrunk();
    trunk = { path: join(dir, 'trunk.onnx'), sha256: sha256OfBytes(bytes), channels: 3 };
    await writeFile(trunk.path, bytes);
  });
  after(() => rm(dir, { recursive: true }));

  const meanOf = (index: number, y: number, x: number, c: number): number => {
    let sum = 0;
    for (let i = 0; i < 32; i++) {
      for (let j = 0; j < 32; j++) {
        sum += data[((index * SIZE + y * 32 + i) * SIZE + x * 32 + j) * 3 + c] as number;
      }
    }
    return sum / 1024 / 255;
  };
  const near = (actual: number | undefined, expected: number) =>
    assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 2.1e-3, `${actual} is not ${expected}`);

  it('are what the network gives for each cell, by rows, with the share that is not black', async () => {
    const store = await cachedFeatures(images, trunk, { cacheDir: join(dir, 'all'), threads: 2 });
    assert.deepEqual([store.count, store.cells, store.channels], [COUNT, 3, 3]);
    for (const index of [0, 5, COUNT - 1]) {
      const { features, seen } = featureMapAt(store, index);
      for (let cell = 0; cell < 9; cell++) {
        for (let c = 0; c < 3; c++) {
          near(features[cell * 3 + c], meanOf(index, Math.floor(cell / 3), cell % 3, c));
        }
        near(seen[cell], index === 0 && cell < 3 ? 0.5 : 1);
      }
    }
    store.close();
  });

  it('of the middle cells alone are kept where that is asked for, and sizes that do not fit are refused', async () => {
    const cacheDir = join(dir, 'middle');
    const store = await cachedFeatures(images, trunk, { cacheDir, cells: 1, threads: 1 });
    near(featureMapAt(store, 4).features[2], meanOf(4, 1, 1, 2));
    store.close();
    await assert.rejects(cachedFeatures(images, trunk, { cacheDir, cells: 2 }), RangeError);
    const odd = storedImages(memoryStore({ sizePx: 33, count: 1, data: new Uint8Array(33 * 33 * 3) }));
    await assert.rejects(cachedFeatures(odd, trunk, { cacheDir }), RangeError);
  });

  it('come from the cache, are gone on with, and are made again for other images', async () => {
    const cacheDir = join(dir, 'again');
    const first = await cachedFeatures(images, trunk, { cacheDir, threads: 1 });
    const name = `${first.digest.slice(0, 32)}.features`;
    const before = featureMapAt(first, 3);
    first.close();
    const noTrunk = { ...trunk, path: join(dir, 'gone.onnx') };
    const again = await cachedFeatures(images, noTrunk, { cacheDir }); // does not need it
    assert.deepEqual(featureMapAt(again, 3), before);
    again.close();
    // As a run leaves it that was killed behind map 3:
    const writer = new FeatureWriter(join(cacheDir, `${name}.part`), { cells: 3, channels: 3 }, COUNT);
    const marked = { ...before, features: before.features.map(() => 7) };
    for (let k = 0; k < 4; k++) writer.write(k, marked);
    writer.close();
    await rename(join(cacheDir, name), join(dir, 'aside'));
    const resumed = await cachedFeatures(images, trunk, { cacheDir, threads: 2 });
    assert.equal(featureMapAt(resumed, 3).features[0], 7);
    near(featureMapAt(resumed, 4).features[0], meanOf(4, 0, 0, 0));
    resumed.close();
    const turned = await cachedFeatures(turnedImages(images, 1), trunk, { cacheDir, threads: 1 });
    near(featureMapAt(turned, 4).features[0], meanOf(4, 0, 2, 0));
    turned.close();
    assert.equal((await readdir(cacheDir)).length, 2);
  });

  it('of images with a hole below the camera see less in the middle', async () => {
    const holed = changedImages(images, 'hole', (image) => withNadirHole(image, 10));
    const store = await cachedFeatures(holed, trunk, { cacheDir: join(dir, 'hole'), threads: 1 });
    const { seen } = featureMapAt(store, 7);
    near(seen[4], 1 - 316 / 1024); // pixels within 10 of the middle of a square of even side
    near(seen[3], 1);
    store.close();
  });

  it('fail as the network does', async () => {
    const wrong = { ...trunk, channels: 4 };
    await assert.rejects(cachedFeatures(images, wrong, { cacheDir: join(dir, 'wrong') }), {
      code: 'INTERNAL',
    });
    const none = { ...trunk, path: join(dir, 'none.onnx') };
    await assert.rejects(cachedFeatures(images, none, { cacheDir: join(dir, 'wrong') }), {
      code: 'BUNDLE_CORRUPT',
    });
  });
});
