// How much of each cell of an image is seen: pixels that are exactly black are those that no camera saw, as projection,
// cutting and masking leave them.
import type { RgbImage } from 'skyfix/geometry';

/** [cells, cells]: share of the pixels of each square of stridePx that are not exactly black, 0 to 1. */
export function seenShares({ widthPx, data }: RgbImage, cells: number, stridePx: number): Float32Array {
  const seen = new Float32Array(cells * cells);
  const share = 1 / (stridePx * stridePx);
  for (let row = 0; row < cells * stridePx; row++) {
    const base = Math.floor(row / stridePx) * cells;
    for (let column = 0; column < cells * stridePx; column++) {
      const k = (row * widthPx + column) * 3;
      if (data[k] !== 0 || data[k + 1] !== 0 || data[k + 2] !== 0) {
        const cell = base + Math.floor(column / stridePx);
        seen[cell] = (seen[cell] as number) + share;
      }
    }
  }
  return seen.map((value) => Math.min(1, value));
}
