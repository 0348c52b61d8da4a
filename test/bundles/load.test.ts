import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  BUNDLE_INPUTS,
  type BundleGeometry,
  cameraHeightsOf,
  descriptorMapOf,
  loadBundle,
} from '../../src/bundles/index.js';
import { openOnnxEngine } from '../../src/engines/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { flatEncoder, writeTinyBundle } from '../support/tiny-bundle.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-models-'));
after(() => rm(folder, { recursive: true }));

test('a file that is no network is refused as a damaged bundle', async () => {
  const path = join(folder, 'text.onnx');
  await writeFile(path, 'not a network');
  await assert.rejects(openOnnxEngine(path, { threads: 1 }), { code: 'BUNDLE_CORRUPT' });
});

test('a bundle for panoramas is refused, and loads where the caller has panoramas for it', async () => {
  const dir = join(folder, 'input');
  const geometry = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
  await writeTinyBundle(dir, geometry, { 'encoder.onnx': flatEncoder(4, true) });
  const path = join(dir, 'bundle.json');
  const { files, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  const withInput = (input: unknown) => writeFile(path, JSON.stringify({ ...rest, input, files }));
  assert.equal((await loadBundle(dir)).manifest.input, undefined);
  await withInput('bev');
  assert.equal((await loadBundle(dir)).manifest.input, 'bev');
  await withInput('panorama');
  await assert.rejects(loadBundle(dir), {
    code: 'BUNDLE_INPUT_UNSUPPORTED',
    message: /input\/bundle\.json: \/input is "panorama".* given bev\..*takes BEVs/,
  });
  assert.equal((await loadBundle(dir, { inputs: BUNDLE_INPUTS })).manifest.input, 'panorama');
  await withInput('video');
  await assert.rejects(loadBundle(dir, { inputs: BUNDLE_INPUTS }), {
    code: 'BUNDLE_CORRUPT',
    message: /\/input .*"video"/,
  });
});

test("a bundle's field of view has rows of the sphere only", async () => {
  const dir = join(folder, 'strips');
  const geometry = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
  const withFieldOfView = (fieldOfView: object) =>
    writeTinyBundle(dir, { ...geometry, fieldOfView } as BundleGeometry, {
      'encoder.onnx': flatEncoder(4, true),
    });
  const fieldOfView = { horizontalDeg: 120, verticalDeg: 65, horizonShare: 0.4 };
  await withFieldOfView(fieldOfView);
  assert.deepEqual((await loadBundle(dir)).manifest.geometry, { ...geometry, fieldOfView });
  for (const [wrong, message] of [
    [{ ...fieldOfView, horizontalDeg: 400 }, /\/geometry\/fieldOfView\/horizontalDeg must be <= 360/],
    [{ horizontalDeg: 120 }, /\/geometry\/fieldOfView must have required property 'verticalDeg'/],
    [{ verticalDeg: 65, horizon: 0.5 }, /\/geometry\/fieldOfView\/horizon is not known/],
    [{ verticalDeg: 120, horizonShare: 0.1 }, /\/geometry\/fieldOfView\/horizonShare is 0\.1/],
  ] as const) {
    await withFieldOfView(wrong);
    await assert.rejects(loadBundle(dir), { code: 'BUNDLE_CORRUPT', message });
  }
});

test('a map that descriptors are said to be has a weight for each of its cells, and numbers for all of them', async () => {
  const dir = join(folder, 'map');
  const geometry = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
  await writeTinyBundle(dir, geometry, { 'encoder.onnx': flatEncoder(4, true) });
  const path = join(dir, 'bundle.json');
  const { descriptor, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  const withMap = (map: object, dimensions = 4 * descriptor.dimensions) =>
    writeFile(path, JSON.stringify({ ...rest, descriptor: { dimensions, map } }));
  const map = { side: 2, weights: [1, 0.5, 0.5, 0.25] };
  await withMap(map);
  const { manifest } = await loadBundle(dir);
  assert.deepEqual(descriptorMapOf(manifest), { ...map, sizeM: 20 });
  for (const [wrong, dimensions, message] of [
    [{ ...map, side: 3 }, 36, /\/descriptor\/map\/weights has 4 numbers; 3 x 3 cells have 9/],
    [map, 10, /\/descriptor\/dimensions is 10, no whole number of times 4 cells/],
    [{ ...map, weights: [1, 1, 1, 0] }, 4, /\/descriptor\/map\/weights\/3 must be > 0/],
    [{ side: 2 }, 4, /\/descriptor\/map must have required property 'weights'/],
  ] as const) {
    await withMap(wrong, dimensions);
    await assert.rejects(loadBundle(dir), { code: 'BUNDLE_CORRUPT', message });
  }
});

test(
  'looks of a bundle are a lattice with a middle: a step divides the margin, and is the ' +
    'margin where it is absent',
  async () => {
    const dir = join(folder, 'looks');
    const geometry = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
    const withLooks = (searchMarginPx: number, searchStepPx?: number) =>
      writeTinyBundle(
        dir,
        { ...geometry, searchMarginPx, ...(searchStepPx && { searchStepPx }) },
        {
          'encoder.onnx': flatEncoder(4, true),
        },
      );
    // Sides of 2 and 4 looks have no middle; other steps leave the margin's edge out.
    for (const [marginPx, stepPx] of [
      [2, 4],
      [6, 4],
      [5, 2],
      [3, 7],
    ] as const) {
      await withLooks(marginPx, stepPx);
      await assert.rejects(loadBundle(dir), {
        code: 'BUNDLE_CORRUPT',
        message: new RegExp(`searchStepPx is ${stepPx}, which does not divide searchMarginPx ${marginPx}`),
      });
    }
    for (const [marginPx, stepPx] of [[6], [6, 6], [6, 3], [6, 2], [6, 1], [0, 5]] as const) {
      await withLooks(marginPx, stepPx);
      assert.equal((await loadBundle(dir)).manifest.geometry.searchMarginPx, marginPx);
    }
  },
);

test('several camera heights are up to eight different ones over 0', async () => {
  const dir = join(folder, 'heights');
  const geometry = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };
  const withHeights = async (cameraHeightsM: readonly number[]) => {
    await writeTinyBundle(dir, { ...geometry, cameraHeightsM }, { 'encoder.onnx': flatEncoder(4, true) });
    return (await loadBundle(dir)).manifest.geometry;
  };
  const several = await withHeights([2, 2.5, 3]);
  assert.deepEqual(cameraHeightsOf(several), [2, 2.5, 3]);
  assert.deepEqual(cameraHeightsOf(several, 4), [4]);
  assert.deepEqual(cameraHeightsOf(geometry), [2]);
  for (const wrong of [[], [2, 0], [2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
    await assert.rejects(withHeights(wrong), {
      code: 'BUNDLE_CORRUPT',
      message: /\/geometry\/cameraHeightsM/,
    });
  }
});

test('a missing bundle, and one whose encoder changed', async () => {
  await assert.rejects(loadBundle(join(folder, 'nowhere')), { code: 'BUNDLE_MISSING' });
  const manifest = {
    schema: 'skyfix-bundle/1',
    name: 'test',
    version: '1',
    createdAt: '2026-01-01T00:00:00Z',
    profile: 'nano',
    geometry: { tileSizeM: 64, inputSizePx: 64, bevSizePx: 128, cameraHeightM: 2 },
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: 8 },
    training: {},
    metrics: {},
    files: { 'encoder.onnx': { sha256: sha256OfBytes('right'), bytes: 5 } },
  };
  await writeFile(join(folder, 'bundle.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'encoder.onnx'), 'right');
  assert.equal((await loadBundle(folder)).encoderSha256, sha256OfBytes('right'));
  await writeFile(join(folder, 'encoder.onnx'), 'wrong');
  await assert.rejects(loadBundle(folder), (error: Error) =>
    [sha256OfBytes('right'), sha256OfBytes('wrong')].every((sum) => error.message.includes(sum)),
  );
});
