// The grid encoder as one ONNX graph, fully convolutional: input "image" [B, 3, H, W] in [0, 1], output "descriptor" [R, D],
// unit length. An image of k · 32 pixels a side gives one row; a larger one a row for every window of k × k cells, 32 pixels
// apart, by rows from the north-west; images one behind the other. What networks/grid-encoder.ts has for TensorFlow.
import { OnnxGraph } from 'skyfix/onnx';
import {
  GRID_STRIDE_PX,
  type GridHead,
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
  const { channels, cells, dimensions } = headSizes(head);
  const graph = new OnnxGraph('skyfix-grid-encoder');
  const image = graph.input('image', ['B', 3, 'H', 'W']);
  const stored = namedConstant(graph, options.params, { prefix: 'trunk.', half });
  const features = addTrunk(graph, image, options.trunk, stored, options.blocks); // [B, C, h, w]
  let h = graph.node('Mul', [addCells(graph, features, head, half), addSeen(graph, image)]); // [B, C', h, w]
  if (head.projection && head.pooling !== 'mean') {
    h = addWindowConvolution(graph, h, head, channels, half); // [B, D, nh, nw]
  } else {
    h = addWindows(graph, h, head, cells); // [B, W, nh, nw]
    if (head.projection) h = addProjection(graph, h, head.projection, half);
  }
  const last = graph.node('Transpose', [h], { perm: [0, 2, 3, 1] });
  const rows = graph.node('Reshape', [last, graph.integers('rows', [-1, dimensions])]); // [R, D]
  graph.output(addUnitLength(graph, rows, 'descriptor'), ['R', dimensions]);
  return graph.encode();
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
 * Weighted cells, one behind the other, less the mean, times the matrix: one convolution of the window's size. The rows become
 * of unit length behind it, so that a common factor is free: with it float16 holds the filter best.
 */
function addWindowConvolution(
  graph: OnnxGraph,
  map: string,
  head: GridHead,
  channels: number,
  half: boolean,
): string {
  const { cells, dimensions, window } = headSizes(head);
  const weights = unitCellWeights(head);
  const { mean, matrix } = head.projection ?? {
    mean: new Float32Array(),
    matrix: { shape: [], data: new Float32Array() },
  };
  const filter = new Float32Array(matrix.data.length); // [D, C', k, k]
  const bias = new Float32Array(dimensions);
  let largest = 0;
  for (let d = 0; d < dimensions; d++) {
    let offset = 0;
    for (let i = 0; i < window; i++) {
      const value = matrix.data[d * window + i] ?? 0;
      const cell = Math.floor(i / channels);
      const weighted = value * (weights[cell] ?? 0);
      filter[(d * channels + (i % channels)) * cells * cells + cell] = weighted;
      offset -= value * (mean[i] ?? 0);
      largest = Math.max(largest, Math.abs(weighted));
    }
    bias[d] = offset;
  }
  const factor = largest > 0 ? 1 / largest : 1;
  const scaled = { shape: [dimensions, channels, cells, cells], data: filter.map((value) => value * factor) };
  const name = addConstant(graph, 'head.window.weight', scaled, half);
  const offsets = graph.constant(
    'head.window.bias',
    [dimensions],
    bias.map((value) => value * factor),
  );
  return graph.node('Conv', [map, name, offsets], { kernel_shape: [cells, cells] });
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
