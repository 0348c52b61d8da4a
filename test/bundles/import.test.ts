// Networks from elsewhere: what keeps the contract becomes a bundle, everything else is refused by what is wrong.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type BundleConfig, importBundle, loadBundle } from '../../src/bundles/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { negativeGenerator } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-import-'));
after(() => rm(root, { recursive: true }));

const S = 4;
const D = 3 * S * S;
const CONFIG: BundleConfig = {
  schema: 'skyfix-bundle/1',
  name: 'elsewhere',
  version: '3',
  geometry: { tileSizeM: 20, inputSizePx: S, bevSizePx: 2 * S, cameraHeightM: 2 },
  preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
  descriptor: { dimensions: D },
};

interface EncoderParts {
  readonly input?: string;
  readonly output?: string;
  readonly batch?: number | string;
  readonly sizePx?: number;
  /** Between the flattened image about mid-grey and its unit length. */
  readonly middle?: (graph: OnnxGraph, x: string) => string;
  readonly unit?: boolean;
}

/** descriptor = flat(image - 1/2) of unit length, unless a part says otherwise. */
function encoder(parts: EncoderParts = {}): Uint8Array {
  const { input = 'image', output = 'descriptor', batch = 'N', sizePx = S, unit = true } = parts;
  const graph = new OnnxGraph('encoder');
  const image = graph.input(input, [batch, 3, sizePx, sizePx]);
  const grey = graph.constant('grey', [1], Float32Array.of(0.5));
  let h = graph.node('Flatten', [graph.node('Sub', [image, grey])], { axis: 1 });
  if (parts.middle) h = parts.middle(graph, h);
  if (unit) h = graph.node('LpNormalization', [h], { axis: 1, p: 2 });
  graph.output(graph.node('Identity', [h], {}, output), [batch, 3 * sizePx * sizePx]);
  return graph.encode();
}

/** view = bev after one operator. */
function generator(operator: string, factor = 1): Uint8Array {
  const graph = new OnnxGraph('generator');
  const bev = graph.input('bev', [1, 3, S, S]);
  const scaled = graph.node('Mul', [bev, graph.constant('factor', [1], Float32Array.of(factor))]);
  graph.output(graph.node(operator, [scaled], {}, 'view'), [1, 3, S, S]);
  return graph.encode();
}

let count = 0;
async function importOf(
  networks: { readonly encoder: Uint8Array; readonly generator?: Uint8Array },
  overrides: { readonly config?: BundleConfig; readonly out?: string; readonly replace?: boolean } = {},
) {
  const folder = join(root, `case-${++count}`);
  await mkdir(folder);
  const encoderPath = join(folder, 'e.onnx');
  const generatorPath = networks.generator ? join(folder, 'g.onnx') : undefined;
  await writeFile(encoderPath, networks.encoder);
  if (generatorPath && networks.generator) await writeFile(generatorPath, networks.generator);
  const { config = CONFIG, out = join(folder, 'bundle'), replace = false } = overrides;
  const imported = importBundle({ encoderPath, generatorPath, config, out, replace, threads: 1 });
  return { folder, out, imported };
}

describe('networks that keep the contract', () => {
  test('become a bundle with checksums, the files as they came, nothing else', async () => {
    const networks = { encoder: encoder(), generator: negativeGenerator(S) };
    const { folder, out, imported } = await importOf(networks);
    const { manifest, encoder: report, generator: ofGenerator } = await imported;
    assert.deepEqual((await readdir(folder)).sort(), ['bundle', 'e.onnx', 'g.onnx']);
    assert.deepEqual((await readdir(out)).sort(), ['bundle.json', 'encoder.onnx', 'generator.onnx']);
    const bundle = await loadBundle(out);
    assert.deepEqual(bundle.manifest, manifest);
    assert.equal(bundle.encoderSha256, sha256OfBytes(networks.encoder));
    assert.deepEqual(await readFile(join(out, 'generator.onnx')), Buffer.from(networks.generator));
    assert.equal(manifest.profile, 'imported');
    assert.ok(Date.parse(manifest.createdAt) > 0);
    assert.equal(report.batch, 'free');
    // The negative of the darkest and of the brightest image.
    assert.deepEqual(ofGenerator?.range, [-1, 1]);
  });

  test('may leave the generator out, or take one image at a time', async () => {
    const { out, imported } = await importOf({ encoder: encoder() });
    assert.equal((await imported).generator, undefined);
    assert.equal((await loadBundle(out)).generatorPath, undefined);
    const baseline = await importOf({ encoder: encoder() }, { config: { ...CONFIG, input: 'panorama' } });
    assert.equal((await baseline.imported).manifest.input, 'panorama');
    await assert.rejects(loadBundle(baseline.out), { code: 'BUNDLE_INPUT_UNSUPPORTED' });
    const fixed = await importOf({ encoder: encoder(), generator: generator('Tanh') });
    assert.equal((await fixed.imported).generator?.batch, 1);
    assert.deepEqual((await loadBundle(fixed.out)).manifest.oneAtATime, ['generator.onnx']);
    const both = await importOf({ encoder: encoder({ batch: 1 }), generator: generator('Tanh') });
    assert.equal((await both.imported).encoder.batch, 1);
    assert.deepEqual((await loadBundle(both.out)).manifest.oneAtATime, ['generator.onnx', 'encoder.onnx']);
  });
});

describe('networks that are refused, with nothing written', () => {
  const refused = async (
    networks: { readonly encoder: Uint8Array; readonly generator?: Uint8Array },
    message: RegExp,
    config?: BundleConfig,
  ) => {
    const { folder, imported } = await importOf(networks, config ? { config } : {});
    await assert.rejects(imported, { code: 'NETWORK_INVALID', message });
    assert.deepEqual(
      (await readdir(folder)).filter((name) => !name.endsWith('.onnx')),
      [],
    );
  };
  const middle =
    (operator: string, attributes = {}) =>
    (graph: OnnxGraph, x: string) =>
      graph.node('Add', [x, graph.node(operator, [x], attributes)]);

  test('corrupt files, and one that is not there', async () => {
    const whole = encoder();
    await refused({ encoder: new TextEncoder().encode('not a network') }, /e\.onnx/);
    await refused({ encoder: whole.subarray(0, whole.length - 9) }, /e\.onnx: no ONNX file/);
    await refused({ encoder: encoder({ middle: middle('NoSuchOperator') }) }, /e\.onnx cannot be loaded/);
    const absent = { encoderPath: join(root, 'absent.onnx'), config: CONFIG, out: join(root, 'no') };
    await assert.rejects(importBundle({ ...absent, replace: false, threads: 1 }), {
      code: 'NETWORK_INVALID',
      message: /absent\.onnx cannot be read/,
    });
  });

  test('names', async () => {
    await refused(
      { encoder: encoder({ input: 'x' }) },
      /e\.onnx: it has the inputs \[x\]; exactly one, named "image".*--rename x=image/,
    );
    await refused(
      { encoder: encoder({ output: 'y' }) },
      /has the outputs \[y\]; one must be named "descriptor".*--rename y=descriptor/,
    );
    await refused({ encoder: encoder(), generator: encoder() }, /g\.onnx: .*named "bev"/);
  });

  test('shapes', async () => {
    await refused({ encoder: encoder({ sizePx: 8 }) }, /image is declared as \[N, 3, 8, 8\]; \[N, 3, 4, 4\]/);
    await refused(
      { encoder: encoder({ batch: 2 }) },
      /declared as \[2, 3, 4, 4\], always 2 images at once; export it with a free axis 0/,
    );
    await refused({ encoder: encoder() }, /descriptor has shape \[1, 48\], expected \[1, 47\]/, {
      ...CONFIG,
      descriptor: { dimensions: 47 },
    });
    await refused(
      { encoder: encoder(), generator: generator('GlobalMaxPool') },
      /view has shape \[1, 3, 1, 1\]/,
    );
  });

  test('values: not finite, outside the range, not of unit length', async () => {
    await refused(
      { encoder: encoder({ middle: middle('Log') }) },
      /descriptor of noise holds NaN \(value \d+\)/,
    );
    await refused(
      { encoder: encoder({ middle: middle('Ceil'), unit: false }) },
      /descriptor of noise has length/,
    );
    await refused(
      { encoder: encoder({ unit: false }) },
      /expected 1 within 0\.001: append an L2 normalisation/,
    );
    // A flat image about its own mean is all zeros, which has no direction; noise does not show it.
    const spread = (graph: OnnxGraph, x: string) =>
      graph.node('Sub', [x, graph.node('ReduceMean', [x], { axes: [1], keepdims: 1 })]);
    await refused(
      { encoder: encoder({ middle: spread }) },
      /descriptor of the darkest image is zero in every dimension, which no normalisation/,
    );
    await refused(
      { encoder: encoder(), generator: generator('Identity', 2) },
      /g\.onnx: .*outside \[-1, 1\]/,
    );
  });

  test('another answer to the same image, and one that depends on its neighbour in the batch', async () => {
    await refused(
      { encoder: encoder({ middle: middle('RandomUniformLike') }) },
      /two runs on the same image give different descriptors/,
    );
    await refused(
      { encoder: encoder({ middle: middle('ReduceMean', { axes: [0], keepdims: 1 }) }) },
      /image's descriptor in a batch of 2 \(place 1\) differs by 0\.\d+/,
    );
  });
});

describe('the folder', () => {
  test('that holds a bundle is replaced only when told so, and keeps it where the new networks are refused', async () => {
    const { out, imported } = await importOf({ encoder: encoder() });
    await imported;
    const again = await importOf({ encoder: encoder() }, { out });
    await assert.rejects(again.imported, {
      code: 'BUNDLE_EXISTS',
      message: /holds a bundle already.*--force/,
    });
    const wrong = await importOf({ encoder: encoder({ unit: false }) }, { out, replace: true });
    await assert.rejects(wrong.imported, { code: 'NETWORK_INVALID' });
    assert.equal((await loadBundle(out)).manifest.version, '3');
    const next = { out, replace: true, config: { ...CONFIG, version: '4' } };
    await (await importOf({ encoder: encoder(), generator: negativeGenerator(S) }, next)).imported;
    const bundle = await loadBundle(out);
    assert.equal(bundle.manifest.version, '4');
    assert.ok(bundle.generatorPath);
  });

  test('that holds anything else is never replaced; an empty one is filled', async () => {
    const { folder: out, imported } = await importOf({ encoder: encoder() });
    await imported;
    const other = await importOf({ encoder: encoder() }, { out, replace: true });
    await assert.rejects(other.imported, { code: 'BUNDLE_EXISTS', message: /no bundle\.json/ });
    const file = await importOf({ encoder: encoder() }, { out: join(out, 'e.onnx'), replace: true });
    await assert.rejects(file.imported, { code: 'BUNDLE_EXISTS', message: /no folder/ });
    const empty = join(root, 'empty');
    await mkdir(empty);
    await (await importOf({ encoder: encoder() }, { out: empty })).imported;
    await loadBundle(empty);
  });
});
