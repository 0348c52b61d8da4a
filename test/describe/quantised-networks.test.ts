// Which form of a bundle's networks runs: by what is asked for, by what is there, by time; tiles always in float.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type BundleQuantisation, loadBundle } from '../../src/bundles/index.js';
import { openNetworks } from '../../src/describe/index.js';
import { DEFAULT_ENGINE, type EngineChoice } from '../../src/engines/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { NetworkPool } from '../../src/regions/network-pool.js';
import { centredEncoder, flatEncoder, negativeGenerator, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-quantised-'));
after(() => rm(root, { recursive: true }));
// Timings of this test are no one else's.
process.env.SKYFIX_CACHE = join(root, 'cache');

const GEOMETRY = { tileSizeM: 20, inputSizePx: 2, bevSizePx: 4, cameraHeightM: 2 };
const int8: EngineChoice = { ...DEFAULT_ENGINE, precision: 'int8' };

const quantisationOf = (encoder: Uint8Array): BundleQuantisation => ({
  createdAt: '2026-11-27T00:00:00Z',
  weightBits: 7,
  calibration: { pictures: 4, from: 'nowhere' },
  networks: { 'encoder.onnx': { of: sha256OfBytes(encoder), ranges: 99.99, layers: 1, inFloat: [] } },
  heldOut: { views: 2, from: 'nowhere', cosine: { mean: 0.999, p5: 0.998, least: 0.99 } },
});

/** A bundle whose "encoder in 8 bits" is another network altogether, so that it shows which of them runs. */
async function quantisedBundle(name: string, change: (manifest: Record<string, unknown>) => void = () => {}) {
  const dir = join(root, name);
  const [plain, other] = [flatEncoder(2, true), centredEncoder(2)];
  await writeTinyBundle(dir, GEOMETRY, {
    'encoder.onnx': plain,
    'generator.onnx': negativeGenerator(2),
    'encoder.int8.onnx': other,
  });
  const path = join(dir, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  manifest.quantisation = quantisationOf(plain);
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
  return dir;
}

/** Of an image of 0.5 but for one 1, the plain encoder sees every pixel, the other one alone. */
async function isOther(networks: Awaited<ReturnType<typeof openNetworks>>): Promise<boolean> {
  const image = { data: new Float32Array(12).fill(0.5), shape: [1, 3, 2, 2] };
  image.data[5] = 1;
  const { data } = await networks.encoder.run(image);
  return data[0] === 0;
}

describe('networks in 8 bits', () => {
  test('run where int8 is asked for, the others in float; tiles are described in float', async () => {
    const bundle = await loadBundle(await quantisedBundle('asked'));
    assert.equal(bundle.quantised?.encoder, join(bundle.dir, 'encoder.int8.onnx'));
    for (const [options, expected] of [
      [{ engine: int8 }, true],
      [{ engine: int8, inFloat: true }, false],
      [{}, false],
    ] as const) {
      const networks = await openNetworks(bundle, { threads: 1, ...options });
      assert.equal(await isOther(networks), expected);
      assert.equal(networks.encoder.precision, expected ? 'int8' : 'f32');
      assert.equal(networks.generator?.precision, 'f32');
      await networks.close();
    }
  });

  test('are timed against float where any precision will do, once, and never for tiles', async () => {
    const bundle = await loadBundle(await quantisedBundle('timed'));
    const any: EngineChoice = { ...DEFAULT_ENGINE, anyPrecision: true };
    const first = await openNetworks(bundle, { threads: 1, engine: any });
    const names = first.encoder.timings?.map(({ engine }) => engine);
    assert.deepEqual(
      names,
      ['f32', 'int8'].map((precision) => `${DEFAULT_ENGINE.description} ${precision}`),
    );
    assert.equal(await isOther(first), first.encoder.precision === 'int8');
    assert.equal(first.generator?.timings, undefined, 'it has one form');
    await first.close();
    const again = await openNetworks(bundle, { threads: 1, engine: any });
    assert.deepEqual(again.encoder.timings, first.encoder.timings, 'kept');
    await again.close();
    const tiles = await openNetworks(bundle, { threads: 1, engine: any, inFloat: true });
    assert.deepEqual([tiles.encoder.timings, await isOther(tiles)], [undefined, false]);
    await tiles.close();
    const bf16 = await openNetworks(bundle, { threads: 1, engine: { ...any, precision: 'bf16' } });
    const precisions = bf16.encoder.timings?.map(({ engine }) => engine.split(' ').at(-1));
    assert.deepEqual(precisions, ['bf16', 'f32', 'int8']);
    await bf16.close();
  });

  test('are not shared with a bundle that lacks them', async () => {
    const with8 = await loadBundle(await quantisedBundle('with'));
    const dir = join(root, 'without');
    await writeTinyBundle(dir, GEOMETRY, {
      'encoder.onnx': flatEncoder(2, true),
      'generator.onnx': negativeGenerator(2),
    });
    const pool = new NetworkPool({ threads: 1, engine: int8 });
    const held = await pool.acquire(with8);
    await assert.rejects(pool.acquire(await loadBundle(dir)), { code: 'PRECISION_UNAVAILABLE' });
    await held.release();
  });

  test('are refused where they are not there, or not made of the network beside them', async () => {
    const cases: readonly [(manifest: Record<string, unknown>) => void, RegExp][] = [
      [
        (manifest) => delete (manifest.files as Record<string, unknown>)['encoder.int8.onnx'],
        /\/quantisation names encoder\.onnx, but \/files has no encoder\.int8\.onnx/,
      ],
      [
        (manifest) => {
          manifest.quantisation = quantisationOf(new Uint8Array(3));
        },
        /was made of the network [0-9a-f]{64}, encoder\.onnx is [0-9a-f]{64}: quantise it again/,
      ],
      [
        (manifest) => {
          manifest.quantisation = { ...quantisationOf(new Uint8Array(3)), networks: {} };
        },
        /\/quantisation\/networks must NOT have fewer than 1/,
      ],
    ];
    for (const [k, [change, message]] of cases.entries()) {
      const dir = await quantisedBundle(`wrong${k}`, change);
      await assert.rejects(loadBundle(dir), { code: 'BUNDLE_CORRUPT', message });
    }
  });
});
