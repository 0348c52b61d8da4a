// Networks as other tools write them: weights in a file beside, half precision, other names, another output first.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type BundleConfig, type ImportedBundle, importBundle, loadBundle } from '../../src/bundles/index.js';
import { DEFAULT_ENGINE, openEngine } from '../../src/engines/index.js';
import { DATA_TYPES, OnnxGraph, readOnnx } from '../../src/onnx/index.js';
import { seeded } from '../support/tiny-region.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-foreign-'));
after(() => rm(root, { recursive: true }));

const S = 4;
const D = 3 * S * S;
const CONFIG: BundleConfig = {
  schema: 'skyfix-bundle/1',
  name: 'foreign',
  version: '1',
  geometry: { tileSizeM: 20, inputSizePx: S, bevSizePx: S, cameraHeightM: 2 },
  preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
  descriptor: { dimensions: D },
};

const WEIGHTS = Float32Array.from({ length: D }, seeded(3)).map((value) => value + 0.5);

interface Parts {
  readonly input?: string;
  readonly output?: string;
  readonly dataType?: number;
  readonly batch?: string | number;
  /** How the weights get into the graph. */
  readonly weights?: (graph: OnnxGraph) => string;
  /** An output before the descriptor. */
  readonly before?: string;
}

/** descriptor = weights * flat(image - 1/2), of unit length. */
function encoder(parts: Parts = {}): Uint8Array {
  const { input = 'image', output = 'descriptor', dataType = DATA_TYPES.FLOAT, batch = 'N' } = parts;
  const { weights = (graph: OnnxGraph) => graph.constant('weights', [1, D], WEIGHTS) } = parts;
  const graph = new OnnxGraph('foreign');
  const image = graph.input(input, [batch, 3, S, S], dataType);
  const isFloat = dataType === DATA_TYPES.FLOAT;
  const float = isFloat ? image : graph.node('Cast', [image], { to: DATA_TYPES.FLOAT });
  const grey = graph.constant('grey', [1], Float32Array.of(0.5));
  const flat = graph.node('Flatten', [graph.node('Sub', [float, grey])], { axis: 1 });
  const weighted = graph.node('Mul', [flat, weights(graph)]);
  const unit = graph.node('LpNormalization', [weighted], { axis: 1, p: 2 });
  if (parts.before) {
    graph.node('Identity', [flat], {}, parts.before);
    graph.output(parts.before, [batch, D]);
  }
  graph.node(isFloat ? 'Identity' : 'Cast', [unit], isFloat ? {} : { to: dataType }, output);
  graph.output(output, [batch, D], dataType);
  return graph.encode();
}

const IMAGE = Float32Array.from({ length: D }, seeded(8));
/** What the encoder says of IMAGE, without any network. */
const EXPECTED = (() => {
  const values = IMAGE.map((value, k) => (value - 0.5) * (WEIGHTS[k] as number));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
})();

async function imported(
  bytes: Uint8Array,
  options: {
    readonly files?: Readonly<Record<string, Uint8Array>>;
    readonly renames?: [string, string][];
  } = {},
): Promise<{ readonly folder: string; readonly result: Promise<ImportedBundle> }> {
  const folder = await mkdtemp(join(root, 'case-'));
  const encoderPath = join(folder, 'e.onnx');
  await writeFile(encoderPath, bytes);
  for (const [name, data] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), data);
  const out = join(folder, 'bundle');
  const renames = new Map(options.renames);
  const result = importBundle({ encoderPath, config: CONFIG, out, renames, replace: false, threads: 1 });
  result.catch(() => {});
  return { folder, result };
}

/** The bundle answers as the formula, to `tolerance`, and its encoder is what the contract says. */
async function answersRight(folder: string, tolerance = 1e-6): Promise<void> {
  const bundle = await loadBundle(join(folder, 'bundle'));
  const engine = await openEngine(DEFAULT_ENGINE, bundle.encoderPath, { threads: 1 });
  try {
    const { data } = await engine.run({ data: IMAGE, shape: [1, 3, S, S] });
    for (const [k, value] of EXPECTED.entries()) {
      assert.ok(Math.abs(value - (data[k] as number)) <= tolerance, `value ${k}: ${data[k]}, not ${value}`);
    }
  } finally {
    await engine.close();
  }
}

async function refused(what: Awaited<ReturnType<typeof imported>>, message: RegExp): Promise<void> {
  await assert.rejects(what.result, { code: 'NETWORK_INVALID', message });
  assert.ok(!(await readdir(what.folder)).some((name) => name.startsWith('bundle')));
}

describe('weights in a file beside the network', () => {
  const bytes = new Uint8Array(WEIGHTS.buffer);
  const padded = new Uint8Array(64 + bytes.length + 9);
  padded.set(bytes, 64);
  const external = (where: Record<string, string>) =>
    encoder({ weights: (graph) => graph.external('weights', [1, D], where) });
  const sized = { offset: '64', length: String(bytes.length) };

  test('are taken in: by offset and length, and without them the whole file', async () => {
    for (const [where, file] of [
      [sized, padded],
      [{}, bytes],
      [{ offset: '64' }, padded],
    ] as const) {
      const files = { 'e.onnx.data': file };
      const { folder, result } = await imported(external({ location: 'e.onnx.data', ...where }), { files });
      const { encoder: report, manifest } = await result;
      assert.deepEqual(report.changes, ['weights of e.onnx.data taken in']);
      assert.deepEqual(Object.keys(manifest.files), ['encoder.onnx']);
      await answersRight(folder);
    }
  });

  test('that are not there, cut off, of another size or another network are refused by name', async () => {
    const location = 'e.onnx.data';
    const with_ = (where: Record<string, string>, file: Uint8Array = padded) =>
      imported(external({ location, ...where }), { files: { [location]: file } });
    await refused(
      await imported(external({ location })),
      /weights lie in "e\.onnx\.data", which is not beside it/,
    );
    await refused(await with_(sized, padded.subarray(0, 100)), /takes bytes 64 to 256 of .* which has 100/);
    await refused(await with_({ ...sized, length: '8' }), /needs 192 bytes, but names 8/);
    await refused(await with_({ ...sized, offset: '-1' }), /the offset of "weights".* is "-1"/);
    await refused(await with_({ ...sized, offset: '9'.repeat(30) }), /the offset of "weights"/);
  });

  test('are read from the folder of the network and nowhere else', async () => {
    const outside = join(root, 'outside.bin');
    await writeFile(outside, bytes);
    for (const location of [
      '../outside.bin',
      outside,
      'a/../../outside.bin',
      '..\\outside.bin',
      'C:\\outside.bin',
      '/etc/passwd',
      '',
      '.',
    ]) {
      const what = await imported(external({ location }));
      await refused(what, /weights (are said to lie|lie) in ".*"(; only files in|, which)/);
    }
    const linked = await mkdtemp(join(root, 'linked-'));
    await symlink(outside, join(linked, 'w'));
    await writeFile(join(linked, 'e.onnx'), external({ location: 'w' }));
    const encoderPath = join(linked, 'e.onnx');
    const options = { encoderPath, config: CONFIG, out: join(linked, 'out'), replace: false, threads: 1 };
    await assert.rejects(importBundle(options), {
      code: 'NETWORK_INVALID',
      message: /only files in the folder/,
    });
    await mkdir(join(linked, 'deep'));
    await writeFile(join(linked, 'deep', 'w'), bytes);
    await writeFile(encoderPath, external({ location: 'deep/w' }));
    await importBundle(options);
  });
});

describe('inputs and outputs', () => {
  test('in half precision and in float64 are cast', async () => {
    for (const [name, dataType, tolerance] of [
      ['float16', DATA_TYPES.FLOAT16, 2e-3],
      ['float64', DATA_TYPES.DOUBLE, 1e-6],
    ] as const) {
      const { folder, result } = await imported(encoder({ dataType }));
      const { encoder: report } = await result;
      assert.deepEqual(report.changes, [`image cast from ${name}`, `descriptor cast from ${name}`]);
      await answersRight(folder, tolerance);
    }
  });

  test('of another type are refused by its name', async () => {
    await refused(
      await imported(encoder({ dataType: 2 })),
      /image is of uint8; float32, float16, bfloat16 or float64/,
    );
  });

  test('under other names are renamed, in half precision as well, and only where told', async () => {
    const names = { input: 'pixel_values', output: 'last.hidden' };
    const renames: [string, string][] = [
      ['pixel_values', 'image'],
      ['last.hidden', 'descriptor'],
    ];
    for (const [dataType, tolerance] of [
      [DATA_TYPES.FLOAT, 1e-6],
      [DATA_TYPES.FLOAT16, 2e-3],
    ] as const) {
      const { folder, result } = await imported(encoder({ ...names, dataType }), { renames });
      const { encoder: report } = await result;
      assert.ok(report.changes.includes('pixel_values renamed to image'));
      await answersRight(folder, tolerance);
    }
    await refused(await imported(encoder(names)), /inputs \[pixel_values\].*--rename pixel_values=image/);
    const half = await imported(encoder(names), { renames: renames.slice(0, 1) });
    await refused(half, /outputs \[last\.hidden\].*--rename last\.hidden=descriptor/);
    const absent = await imported(encoder(names), { renames: [['x', 'image']] });
    await refused(absent, /no input "x" to rename to "image"; it has \[pixel_values\]/);
    const taken = await imported(encoder({ output: 'y', before: 'descriptor' }), {
      renames: [['y', 'descriptor']],
    });
    await refused(taken, /another value of the graph is named "descriptor" already/);
  });

  test('may have other outputs before the descriptor', async () => {
    const { folder, result } = await imported(encoder({ before: 'map' }));
    assert.deepEqual((await result).encoder.changes, ['descriptor is the first output']);
    await answersRight(folder);
  });

  test('for one image at a time make a bundle that is run so', async () => {
    const { folder, result } = await imported(encoder({ batch: 1 }));
    assert.equal((await result).encoder.batch, 1);
    assert.deepEqual((await loadBundle(join(folder, 'bundle'))).manifest.oneAtATime, ['encoder.onnx']);
    await answersRight(folder);
  });
});

test('what needs no change keeps its bytes; what does keeps all else', async () => {
  const plain = encoder();
  const { folder, result } = await imported(plain);
  assert.deepEqual((await result).encoder.changes, []);
  const bundle = await loadBundle(join(folder, 'bundle'));
  assert.equal(bundle.manifest.files['encoder.onnx']?.bytes, plain.length);
  const { inputs, outputs, operators, weights } = readOnnx(plain);
  assert.deepEqual([inputs.length, outputs.length, weights], [1, 1, D + 1]);
  assert.ok(operators.includes('LpNormalization'));
});
