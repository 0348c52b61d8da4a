// A head in closed form: the directions in which the cells of a view and of its tile have most in common, measured against how
// much cells vary at all (canonical correlations with one projection for both sides, regularised; Hotelling 1936).
import { type ChannelMoments, centredCellWeights, type GridHead } from '../../networks/index.js';
import type { FeaturePairs } from './feature-pairs.js';
import { type CellCovariances, cellCovariances, channelMoments } from './statistics.js';
import { symmetricEigen } from './symmetric-eigen.js';

export interface FitOptions {
  /** Along a side of a window. */
  readonly cells: number;
  /** C': numbers a cell that are kept; all, unprojected, when absent: the training-free grid. */
  readonly channels?: number;
  /** Share of the mean variance that is added to every direction's own, so that none is trusted for being small. */
  readonly regularisation: number;
}

/** What a fit has seen, so that a later one with more pairs can start from it. */
export interface HeadFit {
  readonly head: GridHead;
  /** Absent in the training-free grid. */
  readonly covariances?: CellCovariances;
}

/** Fits a head to the pairs of some areas. Throws DATASET_INVALID where nothing is seen, RangeError for more channels than there are. */
export function fitHead(areas: readonly FeaturePairs[], options: FitOptions): HeadFit {
  const moments = channelMoments(areas, options.cells);
  const head: GridHead = { ...moments, cellWeights: centredCellWeights(options.cells) };
  if (options.channels === undefined) return { head };
  const covariances = cellCovariances(areas, moments, options.cells);
  return { head: { ...head, ...projected(moments, covariances, options) }, covariances };
}

function projected(
  { mean }: ChannelMoments,
  covariances: CellCovariances,
  { channels = mean.length, regularisation }: FitOptions,
): Pick<GridHead, 'convolution'> {
  const data = commonDirections(covariances, mean.length, channels, regularisation);
  return { convolution: { weight: { shape: [channels, mean.length], data } } };
}

/**
 * The first `kept` solutions v of between · v = ρ (within + λ I) v, highest ρ first, [kept, size]; λ is `regularisation` times
 * the mean of within's diagonal. Each is scaled so that vᵀ (within + λ I) v = 1. Throws RangeError.
 */
export function commonDirections(
  { between, within }: CellCovariances,
  size: number,
  kept: number,
  regularisation: number,
): Float32Array {
  if (!(kept >= 1 && kept <= size)) throw new RangeError(`${kept} directions of ${size} channels.`);
  const root = inverseRoot(within, size, regularisation);
  const whitened = symmetrised(product(product(root, between, size), root, size), size);
  const { vectors } = symmetricEigen({ size, data: whitened });
  const chosen = product(vectors.slice(0, kept * size), root, size);
  return Float32Array.from(chosen);
}

/** (A + λ I)^-½ with λ = share · trace / size. */
function inverseRoot(matrix: Float64Array, size: number, share: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i] as number;
  const { values, vectors } = symmetricEigen({ size, data: symmetrised(matrix, size) });
  const scaled = new Float64Array(size * size);
  const least = (1e-9 * trace) / size; // of rounding alone: such a direction holds nothing
  for (let k = 0; k < size; k++) {
    const factor = Math.max(least, (values[k] as number) + (share * trace) / size) ** -0.25;
    for (let i = 0; i < size; i++) scaled[k * size + i] = factor * (vectors[k * size + i] as number);
  }
  return product(transposed(scaled, size), scaled, size);
}

/** [rows, size] times [size, size]. */
function product(left: Float64Array, right: Float64Array, size: number): Float64Array {
  const out = new Float64Array(left.length);
  for (let i = 0; i < left.length; i += size) {
    for (let k = 0; k < size; k++) {
      const factor = left[i + k] as number;
      if (factor === 0) continue;
      for (let j = 0, r = k * size; j < size; j++, r++) {
        out[i + j] = (out[i + j] as number) + factor * (right[r] as number);
      }
    }
  }
  return out;
}

function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, k) => matrix[(k % size) * size + Math.floor(k / size)] as number);
}

function symmetrised(matrix: Float64Array, size: number): Float64Array {
  const mirrored = transposed(matrix, size);
  return matrix.map((value, k) => (value + (mirrored[k] as number)) / 2);
}
