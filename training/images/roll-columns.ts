// A panorama turned about the vertical.
import type { RgbImage } from 'skyfix/geometry';

/** Shifts columns to the right by a share of the width, wrapping around. */
export function rollColumns(image: RgbImage, share: number): RgbImage {
  const { widthPx, heightPx } = image;
  const shift = ((Math.round(share * widthPx) % widthPx) + widthPx) % widthPx;
  const data = new Uint8Array(image.data.length);
  for (let row = 0; row < heightPx; row++) {
    const start = row * widthPx * 3;
    const line = image.data.subarray(start, start + widthPx * 3);
    data.set(line.subarray(0, (widthPx - shift) * 3), start + shift * 3);
    data.set(line.subarray((widthPx - shift) * 3), start);
  }
  return { widthPx, heightPx, data };
}
