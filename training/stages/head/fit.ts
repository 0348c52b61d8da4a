// A head in closed form: of the channels, then of where in the window they lie, the directions in which views and their tiles
// have most in common. Nothing is descended; a second fit of the same pairs is the same head.
import { centredCellWeights, type GridHead } from '../../networks/index.js';
import { commonDirections, meanDiagonal } from './common-directions.js';
import type { FeaturePairs } from './feature-pairs.js';
import { spatialProjection, windowCovariances } from './spatial-fit.js';
import { type CellCovariances, cellCovariances, channelMoments } from './statistics.js';

export interface FitOptions {
  /** Along a side of a window. */
  readonly cells: number;
  /** C': numbers a cell that are kept; all, unprojected, when absent: the training-free grid. */
  readonly channels?: number;
  /** Share of the mean variance that is added to every direction's own, so that none is trusted for being small. */
  readonly regularisation: number;
  /** D: dimensions of the descriptor; k·k·C' when absent. */
  readonly dimensions?: number;
}

/**
 * Fits a head to the pairs of some areas. Throws DATASET_INVALID where nothing is seen, RangeError for more channels or dimensions
 * than there are.
 */
export function fitHead(areas: readonly FeaturePairs[], options: FitOptions): GridHead {
  const { cells, channels, regularisation, dimensions } = options;
  const moments = channelMoments(areas, cells);
  const plain: GridHead = { ...moments, cellWeights: centredCellWeights(cells) };
  if (channels === undefined) return plain;
  const covariances = cellCovariances(areas, moments, cells);
  const data = channelDirections(covariances, moments.mean.length, channels, regularisation);
  const head: GridHead = {
    ...plain,
    convolution: { weight: { shape: [channels, moments.mean.length], data } },
  };
  if (dimensions === undefined) return head;
  return {
    ...head,
    projection: spatialProjection(windowCovariances(areas, head), dimensions, regularisation),
  };
}

/** The first `kept` common directions of the channels, [kept, size]. Throws RangeError. */
export function channelDirections(
  covariances: CellCovariances,
  size: number,
  kept: number,
  regularisation: number,
): Float32Array {
  if (!(kept >= 1 && kept <= size)) throw new RangeError(`${kept} directions of ${size} channels.`);
  const { vectors } = commonDirections(
    covariances,
    size,
    regularisation * meanDiagonal(covariances.within, size),
  );
  return Float32Array.from(vectors.subarray(0, kept * size));
}
