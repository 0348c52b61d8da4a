// Where the encoder looks in a view: the view may show more ground than a tile.
import type { BundleGeometry } from '../bundles/index.js';

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
  if (searchMarginPx === 0) return [middle];
  const count = (2 * searchMarginPx) / searchStepPx + 1;
  const steps = Array.from({ length: count }, (_, k) => k * searchStepPx);
  const all = steps.flatMap((topPx) => steps.map((leftPx) => ({ leftPx, topPx })));
  const others = all.filter(({ leftPx, topPx }) => leftPx !== middle.leftPx || topPx !== middle.topPx);
  return [middle, ...others];
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
