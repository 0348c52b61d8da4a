// What turns a trunk's features around a place into its descriptor, as plain arrays: each channel standardised, an optional
// 1 × 1 convolution, each cell brought to unit length and weighted, all cells of a k × k window one behind the other, and
// an optional projection (PCA, or learned).
import type { BundleManifest } from 'skyfix/bundles';
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from './parameter-store.js';

export type Pooling = 'grid' | 'mean';

export interface GridHead {
  /** [C], of the trunk's features over views and tiles. */
  readonly mean: Float32Array;
  /** [C], above 0. */
  readonly deviation: Float32Array;
  /** After the standardisation: weight [C', C], bias [C']. Absent: C' = C. */
  readonly convolution?: { readonly weight: NamedArray; readonly bias?: Float32Array };
  /**
   * How the cells of a window become one vector. grid (when absent): each brought to unit length and weighted, one behind the
   * other, [k·k·C']. mean: their weighted mean, [C'], as they are.
   */
  readonly pooling?: Pooling;
  /**
   * [k, k], rows from the north. With pooling: grid the encoder scales them so that their squares sum to 1: cells have unit
   * length, so the
   * window has it too; with mean their sum is scaled to 1.
   */
  readonly cellWeights: NamedArray;
  /**
   * Window − mean [W], times the rows of matrix [D, W]; unit length again. A grid's window, W = k·k·C', is flattened by rows of
   * cells from the north, cells from the west, channels: (y·k + x)·C' + c; of cells seen in part the mean counts in part, and the
   * product is made ready for whole tiles (see rowsOfSeenPart). A mean's W is C'.
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
  /** W: k·k·C', or C' where cells are averaged. */
  readonly window: number;
  /** D, or W without a projection. */
  readonly dimensions: number;
}

/** [k, k]: 1 / (1 + distance from the middle in cells) ^ falloff; with a falloff of 0 all cells are alike. */
export function centredCellWeights(cells: number, falloff = 1): NamedArray {
  const middle = (cells - 1) / 2;
  const data = Float32Array.from({ length: cells * cells }, (_, i) => {
    return (1 + Math.hypot(Math.floor(i / cells) - middle, (i % cells) - middle)) ** -falloff;
  });
  return { shape: [cells, cells], data };
}

/**
 * A head that leaves features as they are, for C channels and windows of `cells` × `cells`; a grid's cells weigh less from the
 * middle outwards, a mean's are alike.
 */
export function plainHead(channels: number, cells: number, pooling: Pooling = 'grid'): GridHead {
  const alike = { shape: [cells, cells], data: new Float32Array(cells * cells).fill(1) };
  return {
    mean: new Float32Array(channels),
    deviation: new Float32Array(channels).fill(1),
    ...(pooling === 'mean' && { pooling }),
    cellWeights: pooling === 'grid' ? centredCellWeights(cells) : alike,
  };
}

/** A 1 × 1 convolution that changes nothing: where a learned one starts from. */
export function identityConvolution(channels: number): { weight: NamedArray; bias: Float32Array } {
  const data = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) data[i * channels + i] = 1;
  return { weight: { shape: [channels, channels], data }, bias: new Float32Array(channels) };
}

/**
 * The sizes of a head. Throws WEIGHTS_INVALID naming `source` where its arrays do not fit each other, or hold what they
 * may not.
 */
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
  if (!cellWeights.data.every((value) => value >= 0) || !cellWeights.data.some((value) => value > 0)) {
    throw invalid('head.cellWeights are all 0, or one is below');
  }
  const window = head.pooling === 'mean' ? channels : cells * cells * channels;
  if (projection) {
    expect('head.projection.mean', vector(projection.mean), [window]);
    expect('head.projection.matrix', projection.matrix, [undefined, window]);
  }
  return { features, channels, cells, window, dimensions: projection?.matrix.shape[0] ?? window };
}

/** The cell weights as the encoder uses them: their squares sum to 1; where cells are averaged, they themselves. */
export function unitCellWeights({ cellWeights, pooling }: GridHead): Float32Array {
  const sum = cellWeights.data.reduce((a, b) => a + b, 0);
  const length = pooling === 'mean' ? sum : Math.hypot(...cellWeights.data);
  return cellWeights.data.map((weight) => weight / length);
}

/**
 * How a head's descriptors are made up, as a bundle says it: maps of the ground; undefined where cells are averaged or
 * projected, or where some do not count.
 */
export function mapOfHead({
  pooling,
  projection,
  cellWeights,
}: GridHead): NonNullable<BundleManifest['descriptor']['map']> | undefined {
  const [side = 0] = cellWeights.shape;
  if (pooling === 'mean' || projection || cellWeights.data.some((weight) => !(weight > 0))) return undefined;
  return { side, weights: Array.from(cellWeights.data, (weight) => Number(weight.toPrecision(7))) };
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
    [head.pooling === 'mean' ? 'head.meanWeights' : 'head.cellWeights']: cellWeights,
    ...(projection && {
      'head.projection.mean': vector(projection.mean),
      'head.projection.matrix': projection.matrix,
    }),
  };
}

/** By these a head is known; ConvNeXt's files have a head.norm. */
const OWN_NAMES = ['head.mean', 'head.deviation', 'head.cellWeights', 'head.meanWeights'];

/** The head among the arrays of a file; undefined where there is none. Throws WEIGHTS_INVALID naming `source`. */
export function headFromArrays(
  arrays: Readonly<Record<string, NamedArray>>,
  source: string,
): GridHead | undefined {
  if (!OWN_NAMES.some((name) => arrays[name])) return undefined;
  const need = (name: string): NamedArray => {
    const array = arrays[name];
    if (!array) throw new SkyfixError('WEIGHTS_INVALID', `${source}: ${name} is missing.`);
    return array;
  };
  const weight = arrays['head.convolution.weight'];
  const bias = arrays['head.convolution.bias']?.data;
  const matrix = arrays['head.projection.matrix'];
  const meanWeights = arrays['head.meanWeights'];
  const head: GridHead = {
    mean: need('head.mean').data,
    deviation: need('head.deviation').data,
    ...(weight && { convolution: { weight, ...(bias && { bias }) } }),
    ...(meanWeights && { pooling: 'mean' }),
    cellWeights: meanWeights ?? need('head.cellWeights'),
    ...(matrix && { projection: { mean: need('head.projection.mean').data, matrix } }),
  };
  headSizes(head, source);
  return head;
}
