// Networks that are right for one image and wrong in the batches of an index, or blind: each kind is refused by what it does.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type BundleConfig, checkNetworks, importBundle, loadBundle } from '../../src/bundles/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { writeTinyBundle } from '../support/tiny-bundle.js';
import { seeded } from '../support/tiny-region.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-broken-'));
after(() => rm(root, { recursive: true }));

const S = 6;
const D = 3 * S * S;
const GEOMETRY = { tileSizeM: 20, inputSizePx: S, bevSizePx: S, cameraHeightM: 2 };
const CONFIG: BundleConfig = {
  schema: 'skyfix-bundle/1',
  name: 'broken',
  version: '1',
  geometry: GEOMETRY,
  preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
  descriptor: { dimensions: D },
};

/** What stands between the flattened image about its middle [N, D] and the end of a network. */
type Middle = (graph: OnnxGraph, x: string, ends: { image: string; rows: string; count: string }) => string;

let constants = 0;
const scalar = (graph: OnnxGraph, value: number) =>
  graph.constant(`c${++constants}`, [1], Float32Array.of(value));
const noiseOf = (graph: OnnxGraph, seed: number) =>
  graph.constant(`noise${seed}`, [1, D], Float32Array.from({ length: D }, seeded(seed)));
/** 0 where x is at most 0, 1 where it is at least 1 / steepness. */
const step = (graph: OnnxGraph, x: string, steepness = 1) =>
  graph.node('Clip', [
    graph.node('Mul', [x, scalar(graph, steepness)]),
    scalar0(graph, 0),
    scalar0(graph, 1),
  ]);
const scalar0 = (graph: OnnxGraph, value: number) =>
  graph.constant(`s${++constants}`, [], Float32Array.of(value));
const minus = (graph: OnnxGraph, x: string, value: number) => graph.node('Sub', [x, scalar(graph, value)]);
/** x, and where `wrong` is 1 something else. */
const spoilt = (graph: OnnxGraph, x: string, wrong: string) =>
  graph.node('Add', [x, graph.node('Mul', [noiseOf(graph, 5), wrong])]);
const equals = (graph: OnnxGraph, x: string, value: number) =>
  graph.node('Sub', [scalar(graph, 1), step(graph, graph.node('Abs', [minus(graph, x, value)]))]);
const meanOf = (graph: OnnxGraph, x: string) => graph.node('ReduceMean', [x], { axes: [1], keepdims: 1 });
const constantWhere = (graph: OnnxGraph, x: string, where: string) => {
  const other = graph.node('Sub', [scalar(graph, 1), where]);
  return graph.node('Add', [graph.node('Mul', [x, other]), graph.node('Mul', [noiseOf(graph, 9), where])]);
};

/** A network whose rows and count are known inside: [N, 1] each, 1 to N and N. */
function network(kind: 'encoder' | 'generator', middle: Middle): Uint8Array {
  const graph = new OnnxGraph('broken');
  const isEncoder = kind === 'encoder';
  const image = graph.input(isEncoder ? 'image' : 'bev', ['N', 3, S, S]);
  const flat = graph.node('Flatten', [image], { axis: 1 });
  const centred = isEncoder ? minus(graph, flat, 0.5) : flat;
  const ones = graph.node('Add', [
    graph.node('Mul', [meanOf(graph, flat), scalar(graph, 0)]),
    scalar(graph, 1),
  ]);
  const rows = graph.node('CumSum', [ones, graph.integers('axis', [0])]);
  const count = graph.node('Mul', [
    ones,
    graph.node('ReduceSum', [ones, graph.integers('axes', [0])], { keepdims: 1 }),
  ]);
  const x = middle(graph, centred, { image: flat, rows, count });
  if (isEncoder) {
    graph.node('LpNormalization', [x], { axis: 1, p: 2 }, 'descriptor');
    graph.output('descriptor', ['N', D]);
  } else {
    const shaped = graph.node('Reshape', [x, graph.integers('shape', [-1, 3, S, S])]);
    graph.node('Tanh', [shaped], {}, 'view');
    graph.output('view', ['N', 3, S, S]);
  }
  return graph.encode();
}

const right: Middle = (_graph, x) => x;

const inBatches = /in a batch of \d+ \(place \d+\) differs by/;
const blind = /gives the same (descriptor|view) for .* and .*cannot tell apart/;
const KINDS: readonly (readonly [string, Middle, RegExp])[] = [
  ...[2, 3, 17, 30].map((row): [string, Middle, RegExp] => [
    `wrong from row ${row} of a batch on`,
    (g, x, { rows }) => spoilt(g, x, step(g, minus(g, rows, row - 1))),
    inBatches,
  ]),
  ['wrong in the last row alone of 32', (g, x, { rows }) => spoilt(g, x, equals(g, rows, 32)), inBatches],
  ...[2, 3, 7, 16, 32, 33].map((size): [string, Middle, RegExp] => [
    `wrong in batches of ${size} alone`,
    (g, x, { count }) => spoilt(g, x, equals(g, count, size)),
    inBatches,
  ]),
  [
    'mixed with the mean of its batch',
    (g, x) => g.node('Add', [x, g.node('ReduceMean', [x], { axes: [0], keepdims: 1 })]),
    inBatches,
  ],
  ['the sum of the rows before it', (g, x) => g.node('CumSum', [x, g.integers('first', [0])]), inBatches],
  [
    'limited by the greatest of its batch',
    (g, x) => g.node('Sub', [x, g.node('ReduceMax', [x], { axes: [0], keepdims: 1 })]),
    // Alone it is zero; of a generator black.
    /zero in every dimension|the same view/,
  ],
  ['one answer to everything', (g, x) => constantWhere(g, x, equals(g, scalar(g, 1), 1)), blind],
  [
    'one answer to everything, and a rounding error of the image',
    (g, x) => g.node('Add', [noiseOf(g, 3), g.node('Mul', [x, scalar(g, 1e-5)])]),
    blind,
  ],
  ['one answer to bright images', (g, x) => constantWhere(g, x, step(g, meanOf(g, x), 1e4)), blind],
  [
    'one answer to dark images',
    (g, x) => constantWhere(g, x, step(g, g.node('Neg', [meanOf(g, x)]), 1e4)),
    blind,
  ],
  [
    'blind in the left half',
    (g, x) => {
      const mask = Float32Array.from({ length: D }, (_, k) => (k % S < S / 2 ? 0 : 1));
      return g.node('Mul', [x, g.constant('mask', [1, D], mask)]);
    },
    blind,
  ],
  ['saturated: every value is its sign', (g, _x, { image }) => minus(g, step(g, image, 1e6), 0.25), blind],
  [
    'NaN where the image is black',
    (g, x, { image }) => {
      const light = g.node('ReduceSum', [g.node('Abs', [image]), g.integers('all', [1])], { keepdims: 1 });
      const level = g.node('Add', [image, scalar(g, 1)]);
      const sum = g.node('ReduceSum', [g.node('Abs', [level]), g.integers('all2', [1])], { keepdims: 1 });
      // 0 / 0 for an image of zeros, and of a generator for one of minus ones.
      return g.node('Mul', [x, g.node('Mul', [g.node('Div', [light, light]), g.node('Div', [sum, sum])])]);
    },
    /of the darkest image holds NaN/,
  ],
  [
    'endless in places',
    (g, x) => g.node('Div', [x, g.node('Floor', [step(g, x)])]),
    /holds (NaN|-?Infinity)/,
  ],
];

for (const kind of ['encoder', 'generator'] as const) {
  describe(`an ${kind} that is refused by import and by check, with nothing written:`, () => {
    for (const [what, middle, message] of KINDS) {
      // Tanh hides what is endless.
      if (kind === 'generator' && what === 'endless in places') continue;
      // A generator is run on at most 16 BEVs at once.
      if (kind === 'generator' && /\b(17|30|32|33)\b/.test(what)) continue;
      test(what, async () => {
        const dir = await mkdtemp(join(root, 'case-'));
        const own = network(kind, middle);
        const encoder = kind === 'encoder' ? own : network('encoder', right);
        const encoderPath = join(dir, 'e.onnx');
        await writeFile(encoderPath, encoder);
        const generatorPath = kind === 'generator' ? join(dir, 'g.onnx') : undefined;
        if (generatorPath) await writeFile(generatorPath, own);
        const out = join(dir, 'out');
        const options = { encoderPath, generatorPath, config: CONFIG, out, replace: false, threads: 1 };
        await assert.rejects(importBundle(options), { code: 'NETWORK_INVALID', message });
        assert.deepEqual(
          (await readdir(dir)).filter((name) => !name.endsWith('.onnx')),
          [],
        );
        const networks = {
          'encoder.onnx': encoder,
          ...(generatorPath && { 'generator.onnx': own }),
        };
        const bundle = await loadBundle(await writeTinyBundle(join(dir, 'bundle'), GEOMETRY, networks));
        await assert.rejects(checkNetworks(bundle, { threads: 1 }), { code: 'NETWORK_INVALID', message });
      });
    }
  });
}

test('what those kinds are made from is right', async () => {
  const [encoderPath, generatorPath] = [join(root, 'e.onnx'), join(root, 'g.onnx')];
  await writeFile(encoderPath, network('encoder', right));
  await writeFile(generatorPath, network('generator', right));
  const options = { encoderPath, generatorPath, config: CONFIG, replace: false, threads: 1 };
  const { encoder, generator } = await importBundle({ ...options, out: join(root, 'right') });
  assert.deepEqual([encoder.batch, generator?.batch, encoder.changes], ['free', 'free', []]);
  const report = await checkNetworks(await loadBundle(join(root, 'right')), { threads: 1 });
  assert.equal(report.encoder.batch, 'free');
});
