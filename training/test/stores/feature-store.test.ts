// Feature files: half floats against numpy's, maps read back, and files that are damaged or half made.
import assert from 'node:assert/strict';
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeRng } from 'skyfix/random';
import { FeatureWriter, featureMapAt, featuresComplete, fileFeatures } from '../../stores/feature-store.js';
import { fromHalf, fromHalves, toHalf } from '../../stores/half-floats.js';

describe('half floats', () => {
  it("are those of numpy's float16", () => {
    const values = [
      0,
      1,
      -2,
      65504,
      1e-8,
      6.1e-5,
      0.1,
      3.25,
      65519,
      65520,
      -1e9,
      5.96e-8,
      2.98e-8,
      2.99e-8,
      1 / 3,
    ];
    // np.array(values, np.float32).astype(np.float16).view(np.uint16)
    const halves = [0, 15360, 49152, 31743, 0, 1023, 11878, 17024, 31743, 31744, 64512, 1, 0, 1, 13653];
    assert.deepEqual(values.map(toHalf), halves);
    assert.deepEqual([15360, 49152, 11878, 1].map(fromHalf), [1, -2, 0.0999755859375, 2 ** -24]);
    assert.ok(Number.isNaN(fromHalf(toHalf(Number.NaN))));
  });

  it('come back as they were, every one of them', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, k) => k);
    const values = new Float32Array(halves.length);
    fromHalves(halves, values);
    values.forEach((value, half) => {
      if (!Number.isNaN(value)) assert.equal(toHalf(value), half);
    });
  });
});

describe('feature files', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-features-'));
  });
  after(() => rm(dir, { recursive: true }));

  const shape = { channels: 5, cells: 3 };
  const rng = makeRng(3);
  const maps = Array.from({ length: 4 }, () => ({
    features: Float32Array.from({ length: 45 }, () => rng.range(-4, 4)),
    seen: Float32Array.from({ length: 9 }, () => rng.int(0, 255) / 255),
  }));
  const write = (name: string, rows: readonly number[]) => {
    const path = join(dir, name);
    const writer = new FeatureWriter(path, shape, maps.length);
    for (const k of rows) writer.write(k, maps[k] as (typeof maps)[0]);
    const missing = writer.missing();
    writer.close();
    return { path, missing };
  };

  it('give maps back to half a float, and seen shares to half of a 255th', () => {
    const { path, missing } = write('whole', [2, 0, 3, 1]);
    assert.deepEqual(missing, []);
    assert.ok(featuresComplete(path));
    const store = fileFeatures(path, 'made of these');
    assert.deepEqual([store.channels, store.cells, store.count, store.digest], [5, 3, 4, 'made of these']);
    for (const [k, { features, seen }] of maps.entries()) {
      const map = featureMapAt(store, k);
      map.features.forEach((value, i) => {
        assert.ok(Math.abs(value - (features[i] as number)) <= Math.abs(value) * 2 ** -11);
      });
      assert.deepEqual(map.seen, seen);
    }
    assert.throws(() => featureMapAt(store, 4), RangeError);
    store.close();
  });

  it('refuse maps of another shape and values that are not finite', () => {
    const writer = new FeatureWriter(join(dir, 'refused'), shape, 1);
    const seen = new Float32Array(9);
    assert.throws(() => writer.write(0, { features: new Float32Array(44), seen }), RangeError);
    const broken = new Float32Array(45).fill(Number.NaN);
    assert.throws(() => writer.write(0, { features: broken, seen }), /NaN/);
    writer.close();
  });

  it('know what is missing, and say what is damaged', async () => {
    const { path, missing } = write('half', [0, 3]);
    assert.deepEqual(missing, [1, 2]);
    assert.ok(!featuresComplete(path));
    const damaged = write('damaged', [0, 1, 2, 3]).path;
    const file = await open(damaged, 'r+');
    await file.write(Buffer.from([77]), 0, 1, 40);
    await file.close();
    const store = fileFeatures(damaged, '');
    assert.throws(() => featureMapAt(store, 0), { code: 'DATASET_INVALID', message: /checksum of map 0/ });
    store.close();
    await truncate(damaged, 100);
    assert.throws(() => fileFeatures(damaged, ''), { code: 'DATASET_INVALID', message: /bytes instead of/ });
    assert.throws(() => fileFeatures(join(dir, 'none'), ''), { code: 'DATASET_INVALID' });
  });
});
