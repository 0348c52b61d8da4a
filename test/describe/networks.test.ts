import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { bevGeometryOf, loadBundle } from '../../src/bundles/index.js';
import { describeBev, openNetworks, viewWindows } from '../../src/describe/index.js';
import type { Bev } from '../../src/geometry/index.js';
import { flatEncoder, negativeGenerator, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-networks-'));
after(() => rm(root, { recursive: true }));

const GEOMETRY = { tileSizeM: 40, inputSizePx: 2, bevSizePx: 4, cameraHeightM: 2 };

/** 4x4; the quarters are red 255, green 51, blue 102 and (bottom right) not shown by the panorama. */
const BEV: Bev = (() => {
  const data = new Uint8Array(48);
  const mask = new Uint8Array(16).fill(1);
  for (let k = 0; k < 16; k++) {
    const quarter = (k >> 3) * 2 + ((k & 3) >> 1);
    if (quarter < 3) data[k * 3 + quarter] = [255, 51, 102][quarter] ?? 0;
    else mask[k] = 0;
  }
  return { image: { widthPx: 4, heightPx: 4, data }, mask };
})();

const close = (actual: Float32Array, wanted: readonly number[]) => {
  assert.equal(actual.length, wanted.length);
  wanted.forEach((value, k) => {
    assert.ok(Math.abs((actual[k] ?? Number.NaN) - value) < 1e-6, `value ${k} is ${actual[k]}, not ${value}`);
  });
};

describe('the way a BEV takes', () => {
  test('straight into the encoder: averaged down, in [0, 1], unseen pixels 0', async () => {
    const bundle = await loadBundle(
      await writeTinyBundle(join(root, 'plain'), GEOMETRY, { 'encoder.onnx': flatEncoder(2) }),
    );
    const networks = await openNetworks(bundle, { threads: 1 });
    try {
      assert.equal(networks.generator, undefined);
      const { view, descriptors } = await describeBev(networks, GEOMETRY, BEV);
      assert.equal(view, undefined);
      assert.deepEqual(descriptors.shape, [1, 12]);
      close(descriptors.data, [1, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.4, 0]);
    } finally {
      await networks.close();
    }
  });

  test('through the generator: in [-1, 1], unseen pixels -1, its view back to [0, 1] for the encoder', async () => {
    const networksOf = { 'encoder.onnx': flatEncoder(2), 'generator.onnx': negativeGenerator(2) };
    const bundle = await loadBundle(await writeTinyBundle(join(root, 'full'), GEOMETRY, networksOf));
    const networks = await openNetworks(bundle, { threads: 1 });
    try {
      const { view, descriptors } = await describeBev(networks, GEOMETRY, BEV);
      assert.deepEqual(view?.shape, [1, 3, 2, 2]);
      close(view?.data ?? new Float32Array(), [-1, 1, 1, 1, 1, 0.6, 1, 1, 1, 1, 0.2, 1]);
      close(descriptors.data, [0, 1, 1, 1, 1, 0.8, 1, 1, 1, 1, 0.6, 1]);
    } finally {
      await networks.close();
    }
    await assert.rejects(describeBev(networks, GEOMETRY, BEV), { code: 'INTERNAL' });
  });

  test('with a search margin the encoder sees nine windows of the wider BEV, the middle first', async () => {
    const geometry = { ...GEOMETRY, searchMarginPx: 1 };
    assert.deepEqual(bevGeometryOf(geometry), { sizePx: 8, gsdM: 10, cameraHeightM: 2 });
    const bundle = await loadBundle(
      await writeTinyBundle(join(root, 'wide'), geometry, { 'encoder.onnx': flatEncoder(2) }),
    );
    const networks = await openNetworks(bundle, { threads: 1 });
    // Each 2x2 block of the BEV is one input pixel, whose red says where it is.
    const data = new Uint8Array(8 * 8 * 3);
    for (let k = 0; k < 64; k++) data[k * 3] = 10 * (4 * (k >> 4) + ((k & 7) >> 1));
    const bev: Bev = { image: { widthPx: 8, heightPx: 8, data }, mask: new Uint8Array(64).fill(1) };
    try {
      const { descriptors } = await describeBev(networks, geometry, bev);
      assert.deepEqual(descriptors.shape, [9, 12]);
      const reds = Array.from({ length: 9 }, (_, k) => Math.round((descriptors.data[k * 12] ?? 0) * 25.5));
      assert.deepEqual(reds, [5, 0, 1, 2, 4, 6, 8, 9, 10]);
      close(descriptors.data.slice(0, 4), [50 / 255, 60 / 255, 90 / 255, 100 / 255]);
    } finally {
      await networks.close();
    }
  });

  test('windows lie a step apart all over the margin', () => {
    assert.deepEqual(viewWindows({}), [{ leftPx: 0, topPx: 0 }]);
    const windows = viewWindows({ searchMarginPx: 8, searchStepPx: 4 });
    assert.equal(windows.length, 25);
    assert.deepEqual(windows[0], { leftPx: 8, topPx: 8 });
    assert.equal(new Set(windows.map(({ leftPx, topPx }) => `${leftPx},${topPx}`)).size, 25);
    assert.ok(windows.every(({ leftPx, topPx }) => leftPx % 4 === 0 && topPx % 4 === 0 && topPx <= 16));
  });

  test('a bundle with one network that cannot be loaded is refused by its name', async () => {
    const broken = { 'encoder.onnx': flatEncoder(2), 'generator.onnx': new Uint8Array([1, 2, 3]) };
    const bundle = await loadBundle(await writeTinyBundle(join(root, 'broken'), GEOMETRY, broken));
    await assert.rejects(openNetworks(bundle, { threads: 1 }), {
      code: 'BUNDLE_CORRUPT',
      message: /generator\.onnx/,
    });
  });

  test('the BEV covers the tile; the camera height may be given', () => {
    assert.deepEqual(bevGeometryOf(GEOMETRY), { sizePx: 4, gsdM: 10, cameraHeightM: 2 });
    assert.equal(bevGeometryOf(GEOMETRY, 3).cameraHeightM, 3);
  });
});
