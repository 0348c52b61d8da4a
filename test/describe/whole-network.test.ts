// The networks of a bundle as one graph say what they say one after the other.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { InferenceSession } from 'onnxruntime-node';
import { type Bundle, type BundleGeometry, loadBundle, viewSizePx } from '../../src/bundles/index.js';
import {
  Describer,
  type Look,
  openNetworks,
  wholeGraph,
  wholeNetworkFile,
} from '../../src/describe/index.js';
import { DEFAULT_ENGINE, type EngineChoice } from '../../src/engines/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import type { Bev } from '../../src/geometry/index.js';
import { nchwToRgb } from '../../src/imaging/index.js';
import { readOnnx, withFirstOutput } from '../../src/onnx/index.js';
import { seededRandom } from '../../src/random/index.js';
import { installedOpenVino } from '../support/openvino.js';
import {
  centredEncoder,
  denseEncoder,
  flatEncoder,
  negativeGenerator,
  writeTinyBundle,
} from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-whole-'));
after(() => rm(root, { recursive: true }));
const openvino = await installedOpenVino();
// Each by itself: which of them is the fastest here is not asked.
const ENGINES: readonly EngineChoice[] = [
  DEFAULT_ENGINE,
  ...(openvino ? [{ ...openvino, alternatives: [] }] : []),
];

/** Soft blobs, an eighth of the pixels not seen. */
function madeUpBev(sizePx: number, seed: number): Bev {
  const random = seededRandom(seed);
  const [across, down, phase] = [2 + 5 * random(), 2 + 5 * random(), 6 * random()];
  const data = new Uint8Array(3 * sizePx * sizePx);
  const mask = new Uint8Array(sizePx * sizePx).fill(1);
  for (let k = 0; k < mask.length; k++) {
    const [x, y] = [(k % sizePx) / sizePx, Math.floor(k / sizePx) / sizePx];
    if (x < 0.25 && y < 0.5) mask[k] = 0;
    for (let c = 0; c < 3 && mask[k] === 1; c++) {
      data[3 * k + c] = 128 + 90 * Math.sin(across * x + c + phase) * Math.cos(down * y) + 30 * random();
    }
  }
  return { image: { widthPx: sizePx, heightPx: sizePx, data }, mask };
}

function assertAlike(
  found: readonly (readonly Look[])[],
  expected: readonly (readonly Look[])[],
  { kind }: EngineChoice,
): void {
  assert.equal(found.length, expected.length);
  for (const [k, looks] of expected.entries()) {
    assert.equal(found[k]?.length, looks.length);
    for (const [i, { descriptor, eastM, northM }] of looks.entries()) {
      const other: Look | undefined = found[k]?.[i];
      assert.deepEqual([other?.eastM, other?.northM], [eastM, northM]);
      const values: Float32Array = other?.descriptor ?? new Float32Array();
      assert.equal(values.length, descriptor.length);
      const worst = descriptor.reduce((most, v, d) => Math.max(most, Math.abs(v - (values[d] ?? 9))), 0);
      assert.ok(worst <= 1e-5, `${kind}: look ${i} of BEV ${k} differs by ${worst}`);
    }
  }
}

/** By one thread, and by two: then each describes half of the looks, where those are crops. */
async function assertSame(bundle: Bundle, engine: EngineChoice, count: number): Promise<void> {
  for (const threads of [1, 2]) await assertSameBy(threads, bundle, engine, count);
}

async function assertSameBy(
  threads: number,
  bundle: Bundle,
  engine: EngineChoice,
  count: number,
): Promise<void> {
  const networks = await openNetworks(bundle, { threads, engine, whole: true });
  try {
    assert.equal(networks.whole?.state, 'ready');
    assert.equal(networks.whole?.precision, engine.precision);
    const { manifest } = bundle;
    const bevs = Array.from({ length: count }, (_, k) => madeUpBev(viewSizePx(manifest.geometry), k + 1));
    const whole = new Describer(networks, manifest);
    const { whole: _, ...apart } = networks;
    const parts = new Describer(apart, manifest);
    assert.deepEqual([whole.atOnce, parts.atOnce], [true, false]);
    const expected = await parts.lookAt(bevs);
    // Where an engine gives no second output, the networks are run one after the other.
    assert.deepEqual([whole.seesAtOnce, parts.seesAtOnce], [engine.kind === 'onnxruntime', false]);
    const [seen, seenApart] = [await whole.see(bevs), await parts.see(bevs)];
    assertAlike(seen.looks, expected, engine);
    assertAlike(seenApart.looks, expected, engine);
    const views = await parts.views(bevs);
    for (const found of [seen.views, seenApart.views]) {
      assert.deepEqual(found.shape, views.shape);
      const worst = views.data.reduce((most, v, k) => Math.max(most, Math.abs(v - (found.data[k] ?? 9))), 0);
      assert.ok(worst <= 1e-5, `${engine.kind}: the views differ by ${worst}`);
      for (let k = 0; k < count; k++) {
        const [pixels, others] = [nchwToRgb(found, 'unit', k).data, nchwToRgb(views, 'unit', k).data];
        assert.ok(pixels.every((value, at) => Math.abs(value - (others[at] ?? 999)) <= 1));
      }
    }
    const joined = await whole.lookAt(bevs);
    assertAlike(joined, expected, engine);
    assert.equal(joined[0]?.length, whole.offsets.length);
  } finally {
    await networks.close();
  }
}

const GEOMETRY = { tileSizeM: 40, inputSizePx: 4, bevSizePx: 8, cameraHeightM: 2 };

describe('descriptors within 1e-5 of those of the networks one after the other', () => {
  const cases: Record<string, [BundleGeometry, Record<string, Uint8Array>, 'dense'?]> = {
    'no generator, one look': [GEOMETRY, { 'encoder.onnx': flatEncoder(4, true) }],
    'no generator, nine looks': [
      { ...GEOMETRY, searchMarginPx: 2 },
      { 'encoder.onnx': flatEncoder(4, true) },
    ],
    'generator, twenty-five looks': [
      { ...GEOMETRY, searchMarginPx: 4, searchStepPx: 2 },
      { 'encoder.onnx': flatEncoder(4, true), 'generator.onnx': negativeGenerator(12) },
    ],
    'generator, dense looks': [
      { ...GEOMETRY, searchMarginPx: 4, searchStepPx: 2 },
      { 'encoder.onnx': denseEncoder(4, 2), 'generator.onnx': negativeGenerator(12) },
      'dense',
    ],
  };
  for (const [name, [geometry, networks, looks]] of Object.entries(cases)) {
    test(name, async () => {
      const dimensions = looks ? 12 : 48;
      const dir = await writeTinyBundle(
        join(root, name.replaceAll(' ', '-')),
        geometry,
        networks,
        dimensions,
        looks,
      );
      const bundle = await loadBundle(dir);
      for (const engine of ENGINES) for (const count of [1, 3]) await assertSame(bundle, engine, count);
    });
  }

  test('networks in 8 bits, where those are asked for', async () => {
    const dir = join(root, 'int8');
    const encoder = flatEncoder(4, true);
    // Another network altogether, so that it shows which one is inside.
    const networks = {
      'encoder.onnx': encoder,
      'generator.onnx': negativeGenerator(8),
      'encoder.int8.onnx': centredEncoder(4),
    };
    await writeTinyBundle(dir, { ...GEOMETRY, searchMarginPx: 2 }, networks, 48);
    const path = join(dir, 'bundle.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    const record = { of: sha256OfBytes(encoder), ranges: 99.99, layers: 1, inFloat: [] };
    const heldOut = { views: 2, from: 'nowhere', cosine: { mean: 1, p5: 1, least: 1 } };
    manifest.quantisation = {
      createdAt: '2026-11-27T00:00:00Z',
      weightBits: 7,
      calibration: { pictures: 4, from: 'nowhere' },
      networks: { 'encoder.onnx': record },
      heldOut,
    };
    await writeFile(path, JSON.stringify(manifest));
    const bundle = await loadBundle(dir);
    await assertSame(bundle, { ...DEFAULT_ENGINE, precision: 'int8' }, 2);
    await assertSame(bundle, DEFAULT_ENGINE, 2);
  });

  for (const name of ['small-town', 'general']) {
    test(`the bundle ${name}`, async () => {
      const bundle = await loadBundle(join('models', name));
      for (const engine of ENGINES) await assertSame(bundle, engine, 2);
    });
  }
});

/** What onnxruntime computes for a graph after it has optimised it. */
async function operatorsOf(graph: Uint8Array): Promise<readonly string[]> {
  const optimizedModelFilePath = join(root, 'optimised.onnx');
  const session = await InferenceSession.create(graph, { optimizedModelFilePath, logSeverityLevel: 3 });
  await session.release();
  return readOnnx(await readFile(optimizedModelFilePath)).operators.toSorted();
}

describe('whoever does not ask for the view', () => {
  for (const name of ['small-town', 'general']) {
    test(`has nothing more computed: ${name}`, async () => {
      const path = await wholeNetworkFile(await loadBundle(join('models', name)), join(root, 'both'));
      const both = await readFile(path ?? '');
      assert.deepEqual(
        readOnnx(both).outputs.map(({ name }) => name),
        ['descriptor', 'view'],
      );
      assert.deepEqual(await operatorsOf(both), await operatorsOf(withFirstOutput(both)));
    });
  }
});

describe('the file of the one graph', () => {
  const folder = join(root, 'joined');

  test('is made once, made again where it was changed, and removed where none opened it for a month', async () => {
    const encoder = flatEncoder(4, true);
    const dir = await writeTinyBundle(join(root, 'kept'), GEOMETRY, { 'encoder.onnx': encoder });
    const bundle = await loadBundle(dir);
    const path = await wholeNetworkFile(bundle, folder);
    assert.ok(path);
    const bytes = await readFile(path);
    // Of these bytes nothing can be made: what is there is known by the checksums of what it was made of.
    await writeFile(bundle.encoderPath, new Uint8Array(encoder.length));
    assert.equal(await wholeNetworkFile(bundle, folder), path);
    await writeFile(path, bytes.subarray(1));
    assert.equal(await wholeNetworkFile(bundle, folder), undefined);
    await writeFile(bundle.encoderPath, encoder);
    assert.equal(await wholeNetworkFile(bundle, folder), path);
    await writeFile(path, 'something else');
    const old = join(folder, 'old.onnx');
    await writeFile(old, 'old');
    await utimes(old, 1, 1);
    assert.equal(await wholeNetworkFile(bundle, folder), path);
    assert.deepEqual(await readFile(path), bytes);
    assert.deepEqual(await readdir(folder), [path.slice(folder.length + 1)]);
  });

  test('is another for another network, and for another way to look at the same', async () => {
    const paths = new Set<string | undefined>();
    const networks = { 'encoder.onnx': flatEncoder(4, true) };
    const wide = { ...GEOMETRY, searchMarginPx: 4, searchStepPx: 4 };
    for (const [name, geometry, files] of [
      ['flat', GEOMETRY, networks],
      ['centred', GEOMETRY, { 'encoder.onnx': centredEncoder(4) }],
      ['negative', GEOMETRY, { ...networks, 'generator.onnx': negativeGenerator(4) }],
      ['nine', wide, networks],
      ['twenty-five', { ...wide, searchStepPx: 2 }, networks],
      ['margin', { ...wide, searchMarginPx: 2, searchStepPx: 2 }, networks],
    ] as const) {
      const dir = await writeTinyBundle(join(root, `other-${name}`), geometry, files, 48);
      paths.add(await wholeNetworkFile(await loadBundle(dir), folder));
    }
    assert.ok(!paths.has(undefined));
    assert.equal(paths.size, 6);
    // A height of the camera changes nothing in it.
    const dir = await writeTinyBundle(join(root, 'high'), { ...GEOMETRY, cameraHeightM: 3 }, networks, 48);
    assert.ok(paths.has(await wholeNetworkFile(await loadBundle(dir), folder)));
  });

  test('has the form that its name stands for: whoever makes another raises FORM in whole-network.ts', () => {
    const manifest = { geometry: { ...GEOMETRY, searchMarginPx: 2 }, descriptor: { dimensions: 48 } };
    const graph = wholeGraph(negativeGenerator(8), flatEncoder(4, true), manifest);
    const digest = sha256OfBytes(graph);
    assert.equal(
      digest,
      '5480b4db351d07b229e3edf53097420c05c675b98049af99d8c84fcb3cf80e23',
      'raise FORM in whole-network.ts, unless only the networks of this test changed',
    );
  });

  test('is not made of networks that take one image at a time, nor where it cannot be written', async () => {
    const dir = await writeTinyBundle(join(root, 'single'), GEOMETRY, {
      'encoder.onnx': flatEncoder(4, true),
    });
    const bundle = await loadBundle(dir);
    const manifest = { ...bundle.manifest, oneAtATime: ['encoder.onnx' as const] };
    assert.equal(await wholeNetworkFile({ ...bundle, manifest }, folder), undefined);
    await writeFile(join(root, 'file'), '');
    assert.equal(await wholeNetworkFile(bundle, join(root, 'file')), undefined);
  });
});
