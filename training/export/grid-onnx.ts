// The grid encoder as one ONNX graph, fully convolutional: input "image" [B, 3, H, W] in [0, 1], output "descriptor" [R, D],
// unit length. An image of k · 32 pixels a side gives one row; a larger one a row for every window of k × k cells, 32 pixels
// apart, by rows from the north-west; images one behind the other. What networks/grid-encoder.ts has for TensorFlow.
import { OnnxGraph } from 'skyfix/onnx';
import {
  GRID_STRIDE_PX,
  type GridHead,
  gramInverse,
  headSizes,
  LEAST_SEEN,
  type NamedArray,
  type TrunkKind,
  UNIT_LENGTH_EPSILON,
  unitCellWeights,
} from '../networks/index.js';
import { addConstant, namedConstant } from './onnx-constants.js';
import { addTrunk } from './trunk-onnx.js';

export interface GridOnnxOptions {
  readonly trunk: TrunkKind;
  /** The trunk's arrays as ParameterStore keeps them. */
  readonly params: Readonly<Record<string, NamedArray>>;
  readonly blocks: readonly number[];
  readonly head: GridHead;
  /** Large constants as float16: half the bytes, descriptors that differ by less than 1e-3. */
  readonly half?: boolean;
}

/** ONNX's number of the data type. */
const FLOAT32 = 1;

/** Beyond every axis: "to the end" of a Slice. */
const END = 0x7fffffff;

/** The bytes of the ONNX file. Throws WEIGHTS_INVALID where the head does not fit itself. */
export function exportGridOnnx(options: GridOnnxOptions): Uint8Array {
  const { head, half = false } = options;
  const { cells, dimensions } = headSizes(head);
  const graph = new OnnxGraph('skyfix-grid-encoder');
  const image = graph.input('image', ['B', 3, 'H', 'W']);
  const stored = namedConstant(graph, options.params, { prefix: 'trunk.', half });
  const features = addTrunk(graph, image, options.trunk, stored, options.blocks); // [B, C, h, w]
  const seen = addSeen(graph, image);
  const map = graph.node('Mul', [addCells(graph, features, head, half), seen]); // [B, C', h, w]
  let rows: string; // [R, D]
  if (head.projection && head.pooling !== 'mean') {
    rows = addWindowProjection(graph, map, seen, head, half);
  } else {
    const h = addWindows(graph, map, head, cells); // [B, W, nh, nw]
    const projected = head.projection ? addProjection(graph, h, head.projection, half) : h;
    rows = addRows(graph, projected, dimensions, 'rows');
  }
  graph.output(addUnitLength(graph, rows, 'descriptor'), ['R', dimensions]);
  return graph.encode();
}

/** [B, n, nh, nw] → [B · nh · nw, n] */
function addRows(graph: OnnxGraph, maps: string, n: number, name: string): string {
  return graph.node('Reshape', [
    graph.node('Transpose', [maps], { perm: [0, 2, 3, 1] }),
    graph.integers(name, [-1, n]),
  ]);
}

/** Standardised channels, the convolution, and unit length where cells are not averaged. */
function addCells(graph: OnnxGraph, features: string, head: GridHead, half: boolean): string {
  const along = (name: string, data: Float32Array) => graph.constant(name, [1, data.length, 1, 1], data);
  const centred = graph.node('Sub', [features, along('head.mean', head.mean)]);
  let h = graph.node('Div', [centred, along('head.deviation', head.deviation)]);
  if (head.convolution) {
    const { weight, bias = new Float32Array(weight.shape[0] ?? 0) } = head.convolution;
    const array = { shape: [...weight.shape, 1, 1], data: weight.data };
    const filter = addConstant(graph, 'head.convolution.weight', array, half);
    h = graph.node('Conv', [h, filter, graph.constant('head.convolution.bias', [bias.length], bias)], {
      kernel_shape: [1, 1],
    });
  }
  return head.pooling === 'mean' ? h : addUnitLength(graph, h);
}

/** The share of each cell's pixels that is not exactly black, [B, 1, h, w]; a little where there is none. */
function addSeen(graph: OnnxGraph, image: string): string {
  const axis = graph.integers('colourAxis', [1]);
  const brightness = graph.node('ReduceSum', [image, axis], { keepdims: 1 });
  const isSeen = graph.node('Greater', [brightness, graph.constant('black', [], Float32Array.of(0))]);
  const sides = [GRID_STRIDE_PX, GRID_STRIDE_PX];
  const attributes = { kernel_shape: sides, strides: sides, auto_pad: 'SAME_UPPER' };
  const share = graph.node('AveragePool', [graph.node('Cast', [isSeen], { to: FLOAT32 })], attributes);
  return graph.node('Max', [share, graph.constant('leastSeen', [], Float32Array.of(LEAST_SEEN))]);
}

/** x / √(Σx² + ε) along the channels. */
function addUnitLength(graph: OnnxGraph, x: string, output?: string): string {
  const squares = graph.node('ReduceSum', [graph.node('Mul', [x, x]), graph.integers('channelAxis', [1])], {
    keepdims: 1,
  });
  const epsilon = graph.constant('epsilon', [], Float32Array.of(UNIT_LENGTH_EPSILON));
  const length = graph.node('Sqrt', [graph.node('Add', [squares, epsilon])]);
  return graph.node('Div', [x, length], {}, output);
}

/**
 * Weighted cells, one behind the other, less the mean of what is seen of them, times the matrix: one convolution of the window's
 * size; then what rowsOfSeenPart does. The rows become of unit length behind it, so that a common factor is free: with it
 * float16 holds the filter best.
 */
function addWindowProjection(
  graph: OnnxGraph,
  map: string,
  seen: string,
  head: GridHead,
  half: boolean,
): string {
  const { cells, channels, dimensions } = headSizes(head);
  const { filter, factor, means } = windowFilter(head);
  const kernel = { kernel_shape: [cells, cells] };
  const shape = [dimensions, channels, cells, cells];
  const weight = addConstant(graph, 'head.window.weight', { shape, data: filter }, half);
  let projected = graph.node('Conv', [map, weight], kernel);
  if (means.some((value) => value !== 0)) {
    const own = graph.constant('head.window.means', [dimensions, 1, cells, cells], means);
    projected = graph.node('Sub', [projected, graph.node('Conv', [seen, own], kernel)]);
  }
  const shares = addRows(graph, addCellsOfWindows(graph, seen, cells), cells * cells, 'head.shares'); // [R, k²]
  const most = graph.node('ReduceMax', [shares], { axes: [1], keepdims: 1 });
  const rows = graph.node('Div', [addRows(graph, projected, dimensions, 'rows'), most]);
  const relative = graph.node('Div', [shares, most]);
  return graph.node('Add', [rows, addNoise(graph, rows, relative, { head, weight, factor, half })]);
}

/** The projection on weighted cells, [D, C', k, k], times a factor, and the same of the mean, [D, k, k]. */
function windowFilter(head: GridHead): {
  readonly filter: Float32Array;
  readonly factor: number;
  readonly means: Float32Array;
} {
  const { cells, channels, dimensions, window } = headSizes(head);
  const weights = unitCellWeights(head);
  const { mean, matrix } = head.projection ?? {
    mean: new Float32Array(),
    matrix: { data: new Float32Array() },
  };
  const filter = new Float32Array(matrix.data.length);
  const means = new Float32Array(dimensions * cells * cells);
  let largest = 0;
  for (let d = 0; d < dimensions; d++) {
    for (let i = 0; i < window; i++) {
      const value = matrix.data[d * window + i] ?? 0;
      const cell = Math.floor(i / channels);
      const weighted = value * (weights[cell] ?? 0);
      filter[(d * channels + (i % channels)) * cells * cells + cell] = weighted;
      const m = d * cells * cells + cell;
      means[m] = (means[m] ?? 0) + value * (mean[i] ?? 0);
      largest = Math.max(largest, Math.abs(weighted));
    }
  }
  const factor = largest > 0 ? 1 / largest : 1;
  return { filter: filter.map((v) => v * factor), factor, means: means.map((v) => v * factor) };
}

/** The values [B, 1, h, w] of the cells of every window as channels, [B, k², nh, nw]. */
function addCellsOfWindows(graph: OnnxGraph, map: string, cells: number): string {
  const count = cells * cells;
  const one = Float32Array.from({ length: count * count }, (_, k) => (k % (count + 1) === 0 ? 1 : 0));
  const each = graph.constant('head.cells', [count, 1, cells, cells], one);
  return graph.node('Conv', [map, each], { kernel_shape: [cells, cells] });
}

/**
 * (P Pᵀ)⁻¹ P (M − 1) Pᵀ y of rows y [R, D]: 0 where all is seen; `seen`: [R, k²], M's diagonals. With the stored filter
 * F = a P w, of cells times their weights w and a factor a, P (M − 1) Pᵀ is F (M − 1) / (a w)² Fᵀ.
 */
function addNoise(
  graph: OnnxGraph,
  rows: string,
  seen: string,
  given: {
    readonly head: GridHead;
    readonly weight: string;
    readonly factor: number;
    readonly half: boolean;
  },
): string {
  const { head, weight, factor, half } = given;
  const { cells, channels, dimensions, window } = headSizes(head);
  const count = cells * cells;
  const missing = graph.node('Sub', [seen, graph.constant('head.all', [], Float32Array.of(1))]);

  const inverse = gramInverse(head.projection?.matrix.data ?? new Float32Array(), dimensions);
  const largest = inverse.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const scales = unitCellWeights(head).map((w) => (w === 0 ? 0 : largest / (factor * w) ** 2));
  const scaled = graph.node('Mul', [missing, graph.constant('head.scales', [1, count], scales)]);
  const factors = graph.node('Reshape', [scaled, graph.integers('head.factors', [-1, 1, count])]);

  const flat = graph.node('Reshape', [weight, graph.integers('head.flat', [dimensions, window])]);
  const back = graph.node('MatMul', [rows, flat]); // [R, C' · k²]
  const cellsOfRows = graph.node('Reshape', [back, graph.integers('head.apart', [-1, channels, count])]);
  const masked = graph.node('Reshape', [
    graph.node('Mul', [cellsOfRows, factors]),
    graph.integers('head.together', [-1, window]),
  ]);
  const noise = graph.node('MatMul', [masked, graph.node('Transpose', [flat], { perm: [1, 0] })]);
  const unit = { shape: [dimensions, dimensions], data: inverse.map((value) => value / largest) };
  return graph.node('MatMul', [noise, addConstant(graph, 'head.gram', unit, half)]);
}

/** Every window's weighted cells: one behind the other as channels, or summed. */
function addWindows(graph: OnnxGraph, map: string, head: GridHead, cells: number): string {
  const axes = graph.integers('sides', [2, 3]);
  const weighted = Array.from(unitCellWeights(head), (weight, i) => {
    const [y, x] = [Math.floor(i / cells), i % cells];
    const end = (at: number) => (at === cells - 1 ? END : at - cells + 1);
    const starts = graph.integers(`cell${i}.starts`, [y, x]);
    const ends = graph.integers(`cell${i}.ends`, [end(y), end(x)]);
    const cell = graph.node('Slice', [map, starts, ends, axes]);
    return graph.node('Mul', [cell, graph.constant(`cell${i}.weight`, [], Float32Array.of(weight))]);
  });
  return head.pooling === 'mean' ? graph.node('Sum', weighted) : graph.node('Concat', weighted, { axis: 1 });
}

/** (x − mean) · matrixᵀ of each window's mean. */
function addProjection(
  graph: OnnxGraph,
  x: string,
  { mean, matrix }: NonNullable<GridHead['projection']>,
  half: boolean,
): string {
  const centred = graph.node('Sub', [
    x,
    graph.constant('head.projection.mean', [1, mean.length, 1, 1], mean),
  ]);
  const array = { shape: [...matrix.shape, 1, 1], data: matrix.data };
  return graph.node('Conv', [centred, addConstant(graph, 'head.projection.matrix', array, half)], {
    kernel_shape: [1, 1],
  });
}
