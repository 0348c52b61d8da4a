// Encoders that a bundle holds although no import would take them: the build, or at last verify, says so.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buildIndex, verifyIndex } from '../../index/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { seededRandom } from '../../src/random/index.js';
import { writeTinyBundle } from '../support/tiny-bundle.js';
import { INPUT_PX, temporaryFolder, writeMosaic } from './fixtures.js';

const folder = await temporaryFolder();
const imagery = join(folder, 'mosaic.tif');
const DIMENSIONS = 3 * INPUT_PX * INPUT_PX;

before(() => writeMosaic(imagery));

/** A bundle whose descriptor is the image about mid-grey after `middle`, at unit length. */
function bundleOf(name: string, middle: (graph: OnnxGraph, x: string) => string): Promise<string> {
  const graph = new OnnxGraph(name);
  const image = graph.input('image', ['N', 3, INPUT_PX, INPUT_PX]);
  const grey = graph.constant('grey', [1], Float32Array.of(0.5));
  const flat = graph.node('Flatten', [graph.node('Sub', [image, grey])], { axis: 1 });
  graph.node('LpNormalization', [middle(graph, flat)], { axis: 1, p: 2 }, 'descriptor');
  graph.output('descriptor', ['N', DIMENSIONS]);
  const geometry = { tileSizeM: 20, inputSizePx: INPUT_PX, bevSizePx: INPUT_PX, cameraHeightM: 1.5 };
  return writeTinyBundle(join(folder, name), geometry, { 'encoder.onnx': graph.encode() });
}

const noise = (graph: OnnxGraph) => {
  const random = seededRandom(4);
  return graph.constant('noise', [1, DIMENSIONS], Float32Array.from({ length: DIMENSIONS }, random));
};

test('a build describes some tiles alone, too, and refuses what batches change', async () => {
  const kinds: Record<string, (graph: OnnxGraph, x: string) => string> = {
    neighbours: (graph, x) =>
      graph.node('Add', [x, graph.node('ReduceMean', [x], { axes: [0], keepdims: 1 })]),
    order: (graph, x) => graph.node('CumSum', [x, graph.integers('axis', [0])]),
  };
  for (const [name, middle] of Object.entries(kinds)) {
    const bundleDir = await bundleOf(name, middle);
    const outDir = join(folder, `${name}-index`);
    await assert.rejects(buildIndex({ bundleDir, imagery, outDir, strideM: 15 }), {
      code: 'NETWORK_INVALID',
      message: /a tile in a batch of 32 \(place \d+\) differs by [\d.]+ from the one alone/,
    });
    assert.equal(await stat(outDir).catch(() => 'missing'), 'missing');
  }
});

test('verify refuses an index that tells no tile from another, whatever its recall', async () => {
  const constant = await bundleOf('constant', (graph, x) => {
    const nothing = graph.node('Mul', [x, graph.constant('zero', [1], Float32Array.of(0))]);
    return graph.node('Add', [nothing, noise(graph)]);
  });
  const outDir = join(folder, 'constant-index');
  const { recall } = await buildIndex({ bundleDir: constant, imagery, outDir, strideM: 15 });
  assert.equal(recall.at1, 1);
  await assert.rejects(verifyIndex(outDir), {
    code: 'INDEX_CORRUPT',
    message: /100 % of the tiles have the descriptor of another tile/,
  });
  const right = join(folder, 'right-index');
  await buildIndex({ bundleDir: await bundleOf('right', (_, x) => x), imagery, outDir: right, strideM: 15 });
  assert.equal((await verifyIndex(right)).alike, 0);
});
