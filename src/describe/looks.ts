// Where the encoder looks in a view: the view may show more ground than a tile.
import { type BundleGeometry, looksPerSide } from '../bundles/index.js';

/** A point in metres east and north of some origin. */
export interface Offset {
  readonly eastM: number;
  readonly northM: number;
}

/** A square of a view: its middle relative to the camera, and what the encoder saw there. */
export interface Look extends Offset {
  /** [D], unit length. */
  readonly descriptor: Float32Array;
}

/** The left upper corner of a square of inputSizePx in the view, pixels. */
export interface LookCorner {
  readonly leftPx: number;
  readonly topPx: number;
}

/**
 * The looks that are taken, searchStepPx apart all over the margin: the middle first, then row by row; only the
 * middle without a margin.
 */
export function lookCorners({
  searchMarginPx = 0,
  searchStepPx = searchMarginPx,
}: Pick<BundleGeometry, 'searchMarginPx' | 'searchStepPx'>): readonly LookCorner[] {
  const middle = { leftPx: searchMarginPx, topPx: searchMarginPx };
  const count = looksPerSide({ searchMarginPx, searchStepPx });
  const steps = Array.from({ length: count }, (_, k) => k * searchStepPx);
  const all = steps.flatMap((topPx) => steps.map((leftPx) => ({ leftPx, topPx })));
  const others = all.filter(({ leftPx, topPx }) => leftPx !== middle.leftPx || topPx !== middle.topPx);
  return [middle, ...others];
}

/**
 * Where an encoder with dense looks has each of lookCorners among the descriptors of a view, which come row by row from the
 * north-west.
 */
export function denseRows(
  geometry: Pick<BundleGeometry, 'searchMarginPx' | 'searchStepPx'>,
): readonly number[] {
  const perSide = looksPerSide(geometry);
  const { searchMarginPx = 0, searchStepPx = searchMarginPx } = geometry;
  const step = Math.max(1, searchStepPx);
  return lookCorners(geometry).map(({ leftPx, topPx }) => (topPx / step) * perSide + leftPx / step);
}

/** Middle of each of lookCorners relative to the camera. */
export function lookOffsets(
  geometry: Pick<BundleGeometry, 'tileSizeM' | 'inputSizePx' | 'searchMarginPx' | 'searchStepPx'>,
): readonly Offset[] {
  const { tileSizeM, inputSizePx, searchMarginPx = 0 } = geometry;
  const gsdM = tileSizeM / inputSizePx;
  return lookCorners(geometry).map(({ leftPx, topPx }) => ({
    eastM: (leftPx - searchMarginPx) * gsdM,
    northM: (searchMarginPx - topPx) * gsdM,
  }));
}
