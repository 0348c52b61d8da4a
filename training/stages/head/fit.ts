// A head in closed form: of the channels, then of where in the window they lie, the directions in which views and their tiles
// have most in common. Nothing is descended; a second fit of the same pairs is the same head.
import { SkyfixError } from 'skyfix/errors';
import { type ChannelMoments, centredCellWeights, type GridHead } from '../../networks/index.js';
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
  /** How fast cells weigh less from the middle outwards, see centredCellWeights; 1 when absent. */
  readonly falloff?: number;
}

/** What a head was fitted to: enough to fit it further to other pairs. */
export interface FitStatistics {
  /** Of the trunk's channels, [C, C]. */
  readonly channels: CellCovariances;
  /** Of each of the head's channels over the window's cells, [k², k²]. */
  readonly windows: readonly CellCovariances[];
}

/** An earlier fit that counts as so many pairs beside those of now. */
export interface FitPrior {
  readonly moments: ChannelMoments;
  readonly statistics: FitStatistics;
  readonly pairs: number;
}

export interface HeadFit {
  readonly head: GridHead;
  readonly statistics: FitStatistics;
}

/** A fit whose head has a projection on its own channels. */
export type WholeFitOptions = FitOptions & Required<Pick<FitOptions, 'channels'>>;

/**
 * Fits a head to the pairs of some areas. Throws DATASET_INVALID where nothing is seen, RangeError for more channels or
 * dimensions
 * than there are.
 */
export function fitHead(areas: readonly FeaturePairs[], options: FitOptions): GridHead {
  const { channels } = options;
  if (channels !== undefined) return fitWithStatistics(areas, { ...options, channels }).head;
  const { cells, falloff } = options;
  return { ...channelMoments(areas, cells), cellWeights: centredCellWeights(cells, falloff) };
}

/**
 * The same with what it was fitted to. With a prior, channels stay standardised as they were, and covariances are means of both,
 * of the window's channels by their rank: few pairs move a head by little. Throws WEIGHTS_INVALID for a prior of other sizes.
 */
export function fitWithStatistics(
  areas: readonly FeaturePairs[],
  options: WholeFitOptions,
  prior?: FitPrior,
): HeadFit {
  const { cells, channels, regularisation, dimensions, falloff } = options;
  const { mean, deviation } = prior?.moments ?? channelMoments(areas, cells);
  const moments = { mean, deviation };
  const size = mean.length;
  if (prior) checkPrior(prior, size, options);
  const pairs = areas.reduce((sum, { copies }) => sum + copies[0].tileOf.length, 0);
  const share = prior ? pairs / (pairs + prior.pairs) : 1;
  const mixed = (own: CellCovariances, earlier: CellCovariances | undefined): CellCovariances =>
    earlier ? blend(own, earlier, share) : own;

  const ofChannels = mixed(
    scaledToOne([cellCovariances(areas, moments, cells)], size)[0] as CellCovariances,
    prior?.statistics.channels,
  );
  const data = channelDirections(ofChannels, size, channels, regularisation);
  const head: GridHead = {
    ...moments,
    cellWeights: centredCellWeights(cells, falloff),
    convolution: { weight: { shape: [channels, size], data } },
  };
  const windows = scaledToOne(windowCovariances(areas, head), cells * cells).map((own, k) =>
    mixed(own, prior?.statistics.windows[k]),
  );
  const statistics = { channels: ofChannels, windows };
  if (dimensions === undefined) return { head, statistics };
  const projection = spatialProjection(windows, cells, dimensions, regularisation);
  return { head: { ...head, projection }, statistics };
}

function checkPrior(
  { moments, statistics }: FitPrior,
  size: number,
  { cells, channels }: WholeFitOptions,
): void {
  const { channels: ofChannels, windows } = statistics;
  const fits =
    moments.deviation.length === size &&
    ofChannels.within.length === size * size &&
    windows.length === channels &&
    windows.every(({ within }) => within.length === cells ** 4);
  if (fits) return;
  const found = `${windows.length} channels on ${Math.sqrt(windows[0]?.within.length ?? 0)} cells`;
  throw new SkyfixError(
    'WEIGHTS_INVALID',
    `The head that the fit starts from was fitted with ${found}; now there are ${channels} channels on ${cells * cells} cells.`,
  );
}

/** Covariances times a common factor: the mean variance is 1, so that those of different pairs can be averaged. */
function scaledToOne(all: readonly CellCovariances[], size: number): CellCovariances[] {
  const variance = all.reduce((sum, { within }) => sum + meanDiagonal(within, size) / all.length, 0);
  const scaled = (matrix: Float64Array) => matrix.map((value) => value / variance);
  return all.map(({ between, within }) => ({ between: scaled(between), within: scaled(within) }));
}

/** share · own + (1 − share) · earlier */
function blend(own: CellCovariances, earlier: CellCovariances, share: number): CellCovariances {
  const mean = (a: Float64Array, b: Float64Array) =>
    a.map((value, k) => share * value + (1 - share) * (b[k] as number));
  return { between: mean(own.between, earlier.between), within: mean(own.within, earlier.within) };
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
