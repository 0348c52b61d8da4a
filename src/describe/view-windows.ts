// Where the encoder looks in a generated view: the view may show more ground than a tile.
import type { BundleGeometry } from '../bundles/index.js';

/** The left upper corner of a square of inputSizePx in the view, pixels. */
export interface ViewWindow {
  readonly leftPx: number;
  readonly topPx: number;
}

/** The windows that are embedded, searchStepPx apart all over the margin: the middle first, then row by row; only the middle without a margin. */
export function viewWindows({
  searchMarginPx = 0,
  searchStepPx = searchMarginPx,
}: Pick<BundleGeometry, 'searchMarginPx' | 'searchStepPx'>): readonly ViewWindow[] {
  const middle = { leftPx: searchMarginPx, topPx: searchMarginPx };
  if (searchMarginPx === 0) return [middle];
  const count = (2 * searchMarginPx) / searchStepPx + 1;
  const steps = Array.from({ length: count }, (_, k) => k * searchStepPx);
  const all = steps.flatMap((topPx) => steps.map((leftPx) => ({ leftPx, topPx })));
  const others = all.filter(({ leftPx, topPx }) => leftPx !== middle.leftPx || topPx !== middle.topPx);
  return [middle, ...others];
}

/** Centre of each of viewWindows relative to the camera, metres east and north. */
export function windowOffsetsM(
  geometry: Pick<BundleGeometry, 'tileSizeM' | 'inputSizePx' | 'searchMarginPx' | 'searchStepPx'>,
): readonly { readonly eastM: number; readonly northM: number }[] {
  const { tileSizeM, inputSizePx, searchMarginPx = 0 } = geometry;
  const gsdM = tileSizeM / inputSizePx;
  return viewWindows(geometry).map(({ leftPx, topPx }) => ({
    eastM: (leftPx - searchMarginPx) * gsdM,
    northM: (searchMarginPx - topPx) * gsdM,
  }));
}
