// Images side by side on white: contact sheets, grids of samples, figures.
import type { RgbImage } from 'skyfix/geometry';

/** Copies `image` into `sheet` with its upper left corner at leftPx, topPx. RangeError where it would stick out. */
export function pasteImage(sheet: RgbImage, image: RgbImage, leftPx: number, topPx: number): void {
  const { widthPx, heightPx } = image;
  if (leftPx < 0 || topPx < 0 || leftPx + widthPx > sheet.widthPx || topPx + heightPx > sheet.heightPx) {
    const size = `${widthPx}x${heightPx} px at ${leftPx},${topPx}`;
    throw new RangeError(`An image of ${size} leaves a sheet of ${sheet.widthPx}x${sheet.heightPx} px.`);
  }
  const bytes = widthPx * 3;
  for (let row = 0; row < heightPx; row++) {
    sheet.data.set(
      image.data.subarray(row * bytes, (row + 1) * bytes),
      ((topPx + row) * sheet.widthPx + leftPx) * 3,
    );
  }
}

export interface SheetLayout {
  /** Cells in a row. */
  readonly columns: number;
  /** Between the images of a cell. */
  readonly gapPx: number;
  /** Between cells, across and down. */
  readonly cellGapPx: number;
}

/**
 * A sheet of cells, each a few images beside one another. Every cell is as wide and high as the largest one; images
 * of different heights stand in the middle of their row. Without any cell the sheet is one white pixel.
 */
export function imageSheet(cells: readonly (readonly RgbImage[])[], layout: SheetLayout): RgbImage {
  const { columns, gapPx, cellGapPx } = layout;
  const widthOf = (images: readonly RgbImage[]) =>
    images.reduce((sum, image) => sum + image.widthPx + gapPx, -gapPx);
  const cellWidthPx = Math.max(0, ...cells.map(widthOf));
  const cellHeightPx = Math.max(0, ...cells.flat().map((image) => image.heightPx));
  const across = Math.min(columns, cells.length);
  const down = Math.ceil(cells.length / columns);
  const widthPx = Math.max(1, across * (cellWidthPx + cellGapPx) - cellGapPx);
  const heightPx = Math.max(1, down * (cellHeightPx + cellGapPx) - cellGapPx);
  const sheet = { widthPx, heightPx, data: new Uint8Array(widthPx * heightPx * 3).fill(255) };
  for (const [k, images] of cells.entries()) {
    let leftPx = (k % columns) * (cellWidthPx + cellGapPx);
    const topPx = Math.floor(k / columns) * (cellHeightPx + cellGapPx);
    for (const image of images) {
      pasteImage(sheet, image, leftPx, topPx + Math.floor((cellHeightPx - image.heightPx) / 2));
      leftPx += image.widthPx + gapPx;
    }
  }
  return sheet;
}

/** `wanted` numbers out of 0…count-1, spread evenly; all of them where there are fewer. */
export function spreadEvenly(count: number, wanted: number): number[] {
  const shown = Math.min(count, wanted);
  return Array.from({ length: shown }, (_, k) => Math.floor((k * count) / shown));
}
