// Where the encoder looks in a generated view: the view may show more ground than a tile.
import type { BundleGeometry } from './bundle-manifest.js';

/** The left upper corner of a square of inputSizePx in the view, pixels. */
export interface ViewWindow {
  readonly leftPx: number;
  readonly topPx: number;
}

/** Side of the view and of the generator's input, pixels: a tile and the margin on both sides. */
export function viewSizePx({ inputSizePx, searchMarginPx = 0 }: BundleGeometry): number {
  return inputSizePx + 2 * searchMarginPx;
}

/** The windows that are embedded: the middle first, then its eight neighbours searchMarginPx away; only the middle without a margin. */
export function viewWindows({
  searchMarginPx = 0,
}: Pick<BundleGeometry, 'searchMarginPx'>): readonly ViewWindow[] {
  const middle = { leftPx: searchMarginPx, topPx: searchMarginPx };
  if (searchMarginPx === 0) return [middle];
  const steps = [0, searchMarginPx, 2 * searchMarginPx];
  const around = steps.flatMap((topPx) => steps.map((leftPx) => ({ leftPx, topPx })));
  return [
    middle,
    ...around.filter(({ leftPx, topPx }) => leftPx !== searchMarginPx || topPx !== searchMarginPx),
  ];
}
