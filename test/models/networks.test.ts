import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { sha256OfBytes } from '../../src/files/index.js';
import type { Bev } from '../../src/geometry/index.js';
import { bevGeometryOf, describeBev, loadBundle, OnnxGraph, openNetworks } from '../../src/models/index.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-networks-'));
after(() => rm(root, { recursive: true }));

const GEOMETRY = { tileSizeM: 40, inputSizePx: 2, bevSizePx: 4, cameraHeightM: 2 };

/** view = -bev, so that what went in can be told from what came out. */
function negative(): Uint8Array {
  const graph = new OnnxGraph('negative');
  graph.output(graph.node('Neg', [graph.input('bev', ['N', 3, 2, 2])], {}, 'view'), ['N', 3, 2, 2]);
  return graph.encode();
}

/** descriptor = the image itself, flattened. */
function flattened(): Uint8Array {
  const graph = new OnnxGraph('flattened');
  const image = graph.input('image', ['N', 3, 2, 2]);
  graph.output(graph.node('Flatten', [image], { axis: 1 }, 'descriptor'), ['N', 12]);
  return graph.encode();
}

async function writeBundle(name: string, networks: Record<string, Uint8Array>): Promise<string> {
  const dir = await mkdtemp(join(root, name));
  const files: Record<string, object> = {};
  for (const [file, bytes] of Object.entries(networks)) {
    await writeFile(join(dir, file), bytes);
    files[file] = { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength };
  }
  const manifest = {
    schema: 'skyfix-bundle/1',
    name,
    version: '1',
    createdAt: '2026-01-01T00:00:00Z',
    profile: 'test',
    geometry: GEOMETRY,
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: 12 },
    training: {},
    metrics: {},
    files,
  };
  await writeFile(join(dir, 'bundle.json'), JSON.stringify(manifest));
  return dir;
}

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
    const bundle = await loadBundle(await writeBundle('plain', { 'encoder.onnx': flattened() }));
    const networks = await openNetworks(bundle, { threads: 1 });
    try {
      assert.equal(networks.generator, undefined);
      const { view, descriptor } = await describeBev(networks, GEOMETRY, BEV);
      assert.equal(view, undefined);
      assert.deepEqual(descriptor.shape, [1, 12]);
      close(descriptor.data, [1, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.4, 0]);
    } finally {
      await networks.close();
    }
  });

  test('through the generator: in [-1, 1], unseen pixels -1, its view back to [0, 1] for the encoder', async () => {
    const networksOf = { 'encoder.onnx': flattened(), 'generator.onnx': negative() };
    const bundle = await loadBundle(await writeBundle('full', networksOf));
    const networks = await openNetworks(bundle, { threads: 1 });
    try {
      const { view, descriptor } = await describeBev(networks, GEOMETRY, BEV);
      assert.deepEqual(view?.shape, [1, 3, 2, 2]);
      close(view?.data ?? new Float32Array(), [-1, 1, 1, 1, 1, 0.6, 1, 1, 1, 1, 0.2, 1]);
      close(descriptor.data, [0, 1, 1, 1, 1, 0.8, 1, 1, 1, 1, 0.6, 1]);
    } finally {
      await networks.close();
    }
    await assert.rejects(describeBev(networks, GEOMETRY, BEV), { code: 'INTERNAL' });
  });

  test('a bundle with one network that cannot be loaded is refused by its name', async () => {
    const broken = { 'encoder.onnx': flattened(), 'generator.onnx': new Uint8Array([1, 2, 3]) };
    const bundle = await loadBundle(await writeBundle('broken', broken));
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
