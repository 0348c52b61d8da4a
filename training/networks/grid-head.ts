// What turns a trunk's features around a place into its descriptor, as plain arrays: each channel standardised, an optional
// 1 × 1 convolution, each cell brought to unit length and weighted, all cells of a k × k window one behind the other, and
// an optional projection (PCA, or learned).
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from './parameter-store.js';

export interface GridHead {
  /** [C], of the trunk's features over views and tiles. */
  readonly mean: Float32Array;
  /** [C], above 0. */
  readonly deviation: Float32Array;
  /** After the standardisation: weight [C', C], bias [C']. Absent: C' = C. */
  readonly convolution?: { readonly weight: NamedArray; readonly bias?: Float32Array };
  /**
   * [k, k], rows from the north. The encoder scales them so that their squares sum to 1: cells have unit length, so the
   * window [k·k·C'] has it too.
   */
  readonly cellWeights: NamedArray;
  /**
   * Window − mean [k·k·C'], times the rows of matrix [D, k·k·C']; unit length again. The window is flattened by rows of cells
   * from the north, cells from the west, channels: (y·k + x)·C' + c.
   */
  readonly projection?: { readonly mean: Float32Array; readonly matrix: NamedArray };
}

/** The sizes of a head. */
export interface HeadSizes {
  /** C */
  readonly features: number;
  /** C' */
  readonly channels: number;
  /** k */
  readonly cells: number;
  /** D, or k·k·C' without a projection. */
  readonly dimensions: number;
}

/** [k, k]: 1 / (1 + distance from the middle in cells). */
export function centredCellWeights(cells: number): NamedArray {
  const middle = (cells - 1) / 2;
  const data = Float32Array.from({ length: cells * cells }, (_, i) => {
    return 1 / (1 + Math.hypot(Math.floor(i / cells) - middle, (i % cells) - middle));
  });
  return { shape: [cells, cells], data };
}

/** A head that leaves features as they are, for C channels and windows of `cells` × `cells`. */
export function plainHead(channels: number, cells: number): GridHead {
  return {
    mean: new Float32Array(channels),
    deviation: new Float32Array(channels).fill(1),
    cellWeights: centredCellWeights(cells),
  };
}

/** A 1 × 1 convolution that changes nothing: where a learned one starts from. */
export function identityConvolution(channels: number): { weight: NamedArray; bias: Float32Array } {
  const data = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) data[i * channels + i] = 1;
  return { weight: { shape: [channels, channels], data }, bias: new Float32Array(channels) };
}

/** The sizes of a head. Throws WEIGHTS_INVALID naming `source` where its arrays do not fit each other, or hold what they may not. */
export function headSizes(head: GridHead, source = 'the head'): HeadSizes {
  const invalid = (what: string) => new SkyfixError('WEIGHTS_INVALID', `${source}: ${what}.`);
  const { mean, deviation, convolution, cellWeights, projection } = head;
  const features = mean.length;
  const expect = (name: string, { shape, data }: NamedArray, wanted: readonly (number | undefined)[]) => {
    const fits =
      shape.length === wanted.length &&
      wanted.every((size, axis) => size === undefined || size === shape[axis]) &&
      data.length === shape.reduce((a, b) => a * b, 1);
    const sizes = wanted.map((size) => size ?? 'any').join(', ');
    if (!fits) throw invalid(`${name} has [${shape.join(', ')}], not [${sizes}]`);
    if (!data.every(Number.isFinite)) throw invalid(`${name} holds values that are not finite`);
  };
  const vector = (data: Float32Array): NamedArray => ({ shape: [data.length], data });
  if (features === 0) throw invalid('head.mean is empty');
  expect('head.mean', vector(mean), [features]);
  expect('head.deviation', vector(deviation), [features]);
  if (!deviation.every((value) => value > 0)) throw invalid('head.deviation holds values of 0 or less');
  if (convolution) expect('head.convolution.weight', convolution.weight, [undefined, features]);
  const channels = convolution?.weight.shape[0] ?? features;
  if (convolution?.bias) expect('head.convolution.bias', vector(convolution.bias), [channels]);
  const cells = cellWeights.shape[0] ?? 0;
  expect('head.cellWeights', cellWeights, [cells, cells]);
  if (!cellWeights.data.some((value) => value !== 0)) throw invalid('head.cellWeights are all 0');
  const window = cells * cells * channels;
  if (projection) {
    expect('head.projection.mean', vector(projection.mean), [window]);
    expect('head.projection.matrix', projection.matrix, [undefined, window]);
  }
  return { features, channels, cells, dimensions: projection?.matrix.shape[0] ?? window };
}

/** The cell weights as the encoder uses them: their squares sum to 1. */
export function unitCellWeights({ cellWeights }: GridHead): Float32Array {
  const length = Math.hypot(...cellWeights.data);
  return cellWeights.data.map((weight) => weight / length);
}

/** A head's arrays by the names that files give them. */
export function headToArrays(head: GridHead): Record<string, NamedArray> {
  const { mean, deviation, convolution, cellWeights, projection } = head;
  const vector = (data: Float32Array): NamedArray => ({ shape: [data.length], data });
  return {
    'head.mean': vector(mean),
    'head.deviation': vector(deviation),
    ...(convolution && { 'head.convolution.weight': convolution.weight }),
    ...(convolution?.bias && { 'head.convolution.bias': vector(convolution.bias) }),
    'head.cellWeights': cellWeights,
    ...(projection && {
      'head.projection.mean': vector(projection.mean),
      'head.projection.matrix': projection.matrix,
    }),
  };
}

/** The head among the arrays of a file; undefined where there is none. Throws WEIGHTS_INVALID naming `source`. */
export function headFromArrays(
  arrays: Readonly<Record<string, NamedArray>>,
  source: string,
): GridHead | undefined {
  if (!Object.keys(arrays).some((name) => name.startsWith('head.'))) return undefined;
  const need = (name: string): NamedArray => {
    const array = arrays[name];
    if (!array) throw new SkyfixError('WEIGHTS_INVALID', `${source}: ${name} is missing.`);
    return array;
  };
  const weight = arrays['head.convolution.weight'];
  const bias = arrays['head.convolution.bias']?.data;
  const matrix = arrays['head.projection.matrix'];
  const head: GridHead = {
    mean: need('head.mean').data,
    deviation: need('head.deviation').data,
    ...(weight && { convolution: { weight, ...(bias && { bias }) } }),
    cellWeights: need('head.cellWeights'),
    ...(matrix && { projection: { mean: need('head.projection.mean').data, matrix } }),
  };
  headSizes(head, source);
  return head;
}
