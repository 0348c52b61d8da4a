import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type BundleGeometry, bevGeometryOf, loadBundle } from '../../src/bundles/index.js';
import { Describer, lookCorners, openNetworks } from '../../src/describe/index.js';
import {
  DEFAULT_ENGINE,
  type EngineChoice,
  type InferenceEngine,
  type Tensor,
} from '../../src/engines/index.js';
import type { Bev } from '../../src/geometry/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { denseEncoder, flatEncoder, negativeGenerator, writeTinyBundle } from '../support/tiny-bundle.js';

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

/** What the descriptor of values is. */
const unit = (values: readonly number[]) => values.map((value) => value / Math.hypot(...values));

/** A bundle's describer, for as long as `use` takes. */
async function withDescriber<T>(
  name: string,
  geometry: BundleGeometry,
  networks: Readonly<Record<string, Uint8Array>>,
  use: (describer: Describer) => Promise<T>,
): Promise<T> {
  const bundle = await loadBundle(await writeTinyBundle(join(root, name), geometry, networks));
  const open = await openNetworks(bundle, { threads: 1 });
  try {
    return await use(new Describer(open, bundle.manifest));
  } finally {
    await open.close();
  }
}

describe('the way a BEV takes', () => {
  test('straight into the encoder: averaged down, in [0, 1], unseen pixels 0', () =>
    withDescriber('plain', GEOMETRY, { 'encoder.onnx': flatEncoder(2, true) }, async (describer) => {
      const views = await describer.views([describer.shrink(BEV)]);
      assert.deepEqual(views.shape, [1, 3, 2, 2]);
      const [[look] = [], ...others] = await describer.look(views);
      assert.deepEqual(others, []);
      close(look?.descriptor ?? new Float32Array(), unit([1, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.4, 0]));
      await assert.rejects(describer.generate(views), { code: 'PARAMETER_INVALID', message: /no generator/ });
    }));

  test('through the generator: in [-1, 1], unseen pixels -1, its view back to [0, 1] for the encoder', async () => {
    const networks = { 'encoder.onnx': flatEncoder(2, true), 'generator.onnx': negativeGenerator(2) };
    const closed = await withDescriber('full', GEOMETRY, networks, async (describer) => {
      const views = await describer.views([describer.shrink(BEV)]);
      const expected = [0, 1, 1, 1, 1, 0.8, 1, 1, 1, 1, 0.6, 1];
      close(views.data, expected);
      const [[look] = []] = await describer.look(views);
      close(look?.descriptor ?? new Float32Array(), unit(expected));
      return describer;
    });
    await assert.rejects(closed.views([closed.shrink(BEV)]), { code: 'INTERNAL' });
  });

  test('with a search margin the encoder takes nine looks at the wider view, the middle first', async () => {
    const geometry = { ...GEOMETRY, searchMarginPx: 1 };
    assert.deepEqual(bevGeometryOf(geometry), { sizePx: 8, gsdM: 10, cameraHeightM: 2 });
    await withDescriber('wide', geometry, { 'encoder.onnx': flatEncoder(2, true) }, async (describer) => {
      const [looks = []] = await describer.look(await describer.views([describer.shrink(wideBev(10))]));
      const reds = [5, 0, 1, 2, 4, 6, 8, 9, 10].map((at) => unit([at, at + 1, at + 4, at + 5]));
      assert.equal(looks.length, 9);
      for (const [k, { descriptor }] of looks.entries()) {
        close(descriptor, [...(reds[k] ?? []), ...Array(8).fill(0)]);
      }
      const { eastM, northM } = looks[1] ?? { eastM: 0, northM: 0 };
      assert.deepEqual({ eastM, northM }, { eastM: -20, northM: 20 });
      const [own = { eastM: 0, northM: 0 }, , , other = own] = describer.offsets;
      const views = await describer.views([describer.shrink(wideBev(10))]);
      assert.deepEqual(await describer.look(views, [other, own]), [[looks[3], looks[0]]]);
      await assert.rejects(describer.look(views, [{ eastM: 7, northM: 0 }]), /no look 7,0 m/);
    });
  });

  test('several BEVs of a place, of other headings or heights, go it together and come out as each alone', async () => {
    const geometry = { ...GEOMETRY, searchMarginPx: 1 };
    const networks = { 'encoder.onnx': flatEncoder(2, true), 'generator.onnx': negativeGenerator(4) };
    await withDescriber('several', geometry, networks, async (describer) => {
      const bevs = [10, 6, 3].map((scale) => describer.shrink(wideBev(scale)));
      const together = await describer.look(await describer.views(bevs));
      assert.equal(together.length, 3);
      for (const [k, bev] of bevs.entries()) {
        const [alone] = await describer.look(await describer.views([bev]));
        assert.deepEqual(together[k], alone);
      }
    });
  });

  test('looks lie a step apart all over the margin', () => {
    assert.deepEqual(lookCorners({}), [{ leftPx: 0, topPx: 0 }]);
    const corners = lookCorners({ searchMarginPx: 8, searchStepPx: 4 });
    assert.equal(corners.length, 25);
    assert.deepEqual(corners[0], { leftPx: 8, topPx: 8 });
    assert.equal(new Set(corners.map(({ leftPx, topPx }) => `${leftPx},${topPx}`)).size, 25);
    assert.ok(corners.every(({ leftPx, topPx }) => leftPx % 4 === 0 && topPx % 4 === 0 && topPx <= 16));
  });

  test('a bundle with one network that cannot be loaded is refused by its name', async () => {
    const broken = { 'encoder.onnx': flatEncoder(2), 'generator.onnx': new Uint8Array([1, 2, 3]) };
    const bundle = await loadBundle(await writeTinyBundle(join(root, 'broken'), GEOMETRY, broken));
    const int8: EngineChoice = { ...DEFAULT_ENGINE, precision: 'int8' };
    await assert.rejects(openNetworks(bundle, { threads: 1, engine: int8 }), {
      code: 'PRECISION_UNAVAILABLE',
      message: /@1 has no quantised networks/,
    });
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

describe('dense looks', () => {
  const geometry = {
    tileSizeM: 40,
    inputSizePx: 4,
    bevSizePx: 4,
    cameraHeightM: 2,
    searchMarginPx: 2,
    searchStepPx: 1,
  };
  /** Views [n,3,8,8] in [0,1]. */
  const viewsOf = (count: number): Tensor => ({
    data: Float32Array.from({ length: count * 192 }, (_, k) => ((k * 7919) % 1009) / 1009),
    shape: [count, 3, 8, 8],
  });
  const looksOf = async (looks: 'cropped' | 'dense', views: Tensor) => {
    const networks = { 'encoder.onnx': denseEncoder(4, 1) };
    const dir = await writeTinyBundle(join(root, looks), geometry, networks, 48, looks);
    const bundle = await loadBundle(dir);
    const open = await openNetworks(bundle, { threads: 1 });
    const sizes: number[] = [];
    const encoder: InferenceEngine = {
      ...open.encoder,
      run: (input) => {
        sizes.push(input.shape[0] ?? 0);
        return open.encoder.run(input);
      },
    };
    try {
      return { looks: await new Describer({ encoder }, bundle.manifest).look(views), sizes };
    } finally {
      await open.close();
    }
  };

  test('are those of the crops, the middle first, of one run a view', async () => {
    const cropped = await looksOf('cropped', viewsOf(2));
    const dense = await looksOf('dense', viewsOf(2));
    assert.deepEqual([cropped.sizes, dense.sizes], [[50], [2]]);
    assert.equal(dense.looks[1]?.length, 25);
    for (const [view, looks] of cropped.looks.entries()) {
      for (const [k, look] of looks.entries()) {
        const { descriptor, ...offset } = dense.looks[view]?.[k] ?? {
          ...look,
          descriptor: new Float32Array(),
        };
        assert.deepEqual({ ...offset }, { eastM: look.eastM, northM: look.northM });
        close(descriptor, [...look.descriptor]);
      }
    }
  });

  test('of many views are taken eight views at once', async () => {
    const { looks, sizes } = await looksOf('dense', viewsOf(19));
    assert.deepEqual(sizes, [8, 8, 3]);
    assert.equal(looks.length, 19);
  });
});

/** 8x8: each 2x2 block is one input pixel, whose red says where it is. */
function wideBev(scale: number): Bev {
  const data = new Uint8Array(8 * 8 * 3);
  for (let k = 0; k < 64; k++) data[k * 3] = scale * (4 * (k >> 4) + ((k & 7) >> 1));
  return { image: { widthPx: 8, heightPx: 8, data }, mask: new Uint8Array(64).fill(1) };
}

describe('batches', () => {
  /** An encoder of code: the first two values of each image, at unit length. */
  const fake = (run: (input: Tensor) => Tensor): InferenceEngine =>
    ({ run: async (input: Tensor) => run(input) }) as Partial<InferenceEngine> as InferenceEngine;
  const manifest = { geometry: { ...GEOMETRY, inputSizePx: 1, bevSizePx: 1 }, descriptor: { dimensions: 2 } };
  const images = (count: number): Tensor => ({
    data: Float32Array.from({ length: 3 * count }, (_, k) => (k % 7) + 1),
    shape: [count, 3, 1, 1],
  });
  const firstTwo = ({ data, shape }: Tensor): Tensor => {
    const count = shape[0] ?? 0;
    const values = Array.from({ length: count }, (_, k) => unit([data[k * 3] ?? 0, data[k * 3 + 1] ?? 0]));
    return { data: Float32Array.from(values.flat()), shape: [count, 2] };
  };

  test('of any size are run in parts, in order', async () => {
    const sizes: number[] = [];
    const encoder = fake((input) => {
      sizes.push(input.shape[0] ?? 0);
      return firstTwo(input);
    });
    const describer = new Describer({ encoder }, manifest);
    const { data, shape } = await describer.describeTensor(images(150));
    assert.deepEqual(sizes, [64, 64, 22]);
    assert.deepEqual(shape, [150, 2]);
    assert.deepEqual(data, firstTwo(images(150)).data);
  });

  test('of a network that was exported for one image are run one by one', async () => {
    const graph = new OnnxGraph('single');
    const image = graph.input('image', [1, 3, 2, 2]);
    const flat = graph.node('Flatten', [image], { axis: 1 });
    graph.node('LpNormalization', [flat], { axis: 1, p: 2 }, 'descriptor');
    graph.output('descriptor', [1, 12]);
    const networks = { 'encoder.onnx': graph.encode() };
    const dir = await writeTinyBundle(join(root, 'single'), { ...GEOMETRY, searchMarginPx: 1 }, networks);
    const path = join(dir, 'bundle.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...manifest, oneAtATime: ['encoder.onnx'] }));
    const bundle = await loadBundle(dir);
    const open = await openNetworks(bundle, { threads: 1 });
    try {
      const describer = new Describer(open, bundle.manifest);
      const [looks = []] = await describer.look(await describer.views([describer.shrink(wideBev(10))]));
      assert.equal(looks.length, 9);
      close(looks[0]?.descriptor.slice(0, 4) ?? new Float32Array(), unit([5, 6, 9, 10]));
    } finally {
      await open.close();
    }
  });

  test('get their length back where bf16 has rounded it, and are refused where it is no rounding', async () => {
    const scaled = (factor: number): InferenceEngine => ({
      ...fake((t) => ({ ...firstTwo(t), data: firstTwo(t).data.map((value) => value * factor) })),
      precision: 'bf16',
    });
    const right = await new Describer({ encoder: fake(firstTwo) }, manifest).describeTensor(images(3));
    for (const factor of [0.9976, 1.0063]) {
      const { data } = await new Describer({ encoder: scaled(factor) }, manifest).describeTensor(images(3));
      close(data, [...right.data]);
    }
    const half = new Describer({ encoder: scaled(0.5) }, manifest);
    await assert.rejects(half.describeTensor(images(3)), {
      code: 'INTERNAL',
      message: /1 of 3 has length 0\.(5|4999)/,
    });
    const exact = new Describer({ encoder: { ...scaled(0.9976), precision: 'f32' } }, manifest);
    await assert.rejects(exact.describeTensor(images(3)), { code: 'INTERNAL', message: /has length 0\.997/ });
  });

  test('whose descriptors are not what the bundle says are refused under the code of the caller', async () => {
    const wrong: [string, InferenceEngine, RegExp][] = [
      [
        'NaN',
        fake((t) => ({ ...firstTwo(t), data: firstTwo(t).data.with(1, Number.NaN) })),
        /1 of 3 holds NaN/,
      ],
      [
        'zero',
        fake((t) => ({ ...firstTwo(t), data: firstTwo(t).data.fill(0, 2, 4) })),
        /2 of 3 has length 0/,
      ],
      ['shape', fake((t) => ({ data: new Float32Array(3), shape: [t.shape[0] ?? 0, 1] })), /shape \[3,1\]/],
    ];
    for (const [what, encoder, message] of wrong) {
      const describer = new Describer({ encoder }, manifest);
      await assert.rejects(describer.describeTensor(images(3)), { code: 'INTERNAL', message }, what);
      const building = new Describer({ encoder }, manifest, 'NETWORK_INVALID');
      await assert.rejects(building.describeTensor(images(3)), { code: 'NETWORK_INVALID', message }, what);
    }
  });
});
