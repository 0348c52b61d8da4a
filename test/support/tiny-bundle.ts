// Bundles whose networks are built in code, so that what must come out is known.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleGeometry, BundleLooks } from '../../src/bundles/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';

/** view = -bev: the picture in negative. */
export function negativeGenerator(sizePx: number): Uint8Array {
  const shape = ['N', 3, sizePx, sizePx];
  const graph = new OnnxGraph('negative');
  graph.output(graph.node('Neg', [graph.input('bev', shape)], {}, 'view'), shape);
  return graph.encode();
}

/** descriptor = the image itself, flattened; of unit length where `unit`. */
export function flatEncoder(sizePx: number, unit = false): Uint8Array {
  const graph = new OnnxGraph('flat');
  const image = graph.input('image', ['N', 3, sizePx, sizePx]);
  const flat = graph.node('Flatten', [image], { axis: 1 }, unit ? 'flat' : 'descriptor');
  const output = unit ? graph.node('LpNormalization', [flat], { axis: 1, p: 2 }, 'descriptor') : flat;
  graph.output(output, ['N', 3 * sizePx * sizePx]);
  return graph.encode();
}

/** descriptor = the image about mid-grey, flattened, of unit length: every image but mid-grey itself has a direction. */
export function centredEncoder(sizePx: number): Uint8Array {
  const graph = new OnnxGraph('centred');
  const image = graph.input('image', ['N', 3, sizePx, sizePx]);
  const grey = graph.constant('grey', [1], Float32Array.of(0.5));
  const flat = graph.node('Flatten', [graph.node('Sub', [image, grey])], { axis: 1 });
  graph.node('LpNormalization', [flat], { axis: 1, p: 2 }, 'descriptor');
  graph.output('descriptor', ['N', 3 * sizePx * sizePx]);
  return graph.encode();
}

/** What may be wrong with a dense encoder: `order` of the axes of its map of windows [B, D, n, n] before rows are made of it. */
export interface DenseParts {
  readonly order?: readonly number[];
  /** Steps between windows, cells. */
  readonly stride?: number;
  /** Declared height and width. */
  readonly sides?: readonly [number | string, number | string];
  /** Adds to a window what the network sees elsewhere. */
  readonly middle?: (graph: OnnxGraph, windows: string) => string;
}

/**
 * An encoder with dense looks: the means of cells of cellPx about mid-grey, by windows of sizePx, of unit length. An image of
 * sizePx has one window; a larger one a window every cellPx, row by row from the north-west. A look is exactly its crop.
 */
export function denseEncoder(sizePx: number, cellPx: number, parts: DenseParts = {}): Uint8Array {
  const { order = [0, 2, 3, 1], stride = 1, sides = ['H', 'W'], middle } = parts;
  const cells = sizePx / cellPx;
  const dimensions = 3 * cells * cells;
  const graph = new OnnxGraph('dense');
  const image = graph.input('image', ['N', 3, ...sides]);
  const grey = graph.constant('grey', [1], Float32Array.of(0.5));
  const centred = graph.node('Sub', [image, grey]);
  const square = [cellPx, cellPx];
  const map = graph.node('AveragePool', [centred], { kernel_shape: square, strides: square }); // [B, 3, h, w]
  // Each output picks one cell of one channel: [D, 3, cells, cells].
  const picks = new Float32Array(dimensions * dimensions);
  for (let d = 0; d < dimensions; d++) picks[d * dimensions + d] = 1;
  const filter = graph.constant('picks', [dimensions, 3, cells, cells], picks);
  const strides = [stride, stride];
  const windows = graph.node('Conv', [map, filter], { kernel_shape: [cells, cells], strides }); // [B, D, n, n]
  const seen = middle ? middle(graph, windows) : windows;
  const last = graph.node('Transpose', [seen], { perm: order });
  const rows = graph.node('Reshape', [last, graph.integers('rows', [-1, dimensions])]); // [B n n, D]
  graph.node('LpNormalization', [rows], { axis: 1, p: 2 }, 'descriptor');
  graph.output('descriptor', ['R', dimensions]);
  return graph.encode();
}

/** Writes `dir`/bundle.json and the networks; returns `dir`. */
export async function writeTinyBundle(
  dir: string,
  geometry: BundleGeometry,
  networks: Readonly<Record<string, Uint8Array>>,
  dimensions = 3 * geometry.inputSizePx ** 2,
  looks?: BundleLooks,
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const files: Record<string, object> = {};
  for (const [file, bytes] of Object.entries(networks)) {
    await writeFile(join(dir, file), bytes);
    files[file] = { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength };
  }
  const manifest = {
    schema: 'skyfix-bundle/1',
    name: 'tiny',
    version: '1',
    createdAt: '2026-01-01T00:00:00Z',
    profile: 'test',
    geometry,
    ...(looks && { looks }),
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions },
    training: {},
    metrics: {},
    files,
  };
  await writeFile(join(dir, 'bundle.json'), JSON.stringify(manifest));
  return dir;
}
