// The mean of a store's images: a blur that has a good PSNR, and so stands beside every figure of generation quality.
import type { RgbImage } from 'skyfix/geometry';
import { type ImageStore, imageOfStore } from '../stores/index.js';

export function meanImage(store: ImageStore, sizePx: number): RgbImage {
  const marginPx = (store.sizePx - sizePx) / 2;
  const sums = new Float64Array(sizePx * sizePx * 3);
  for (let k = 0; k < store.count; k++) {
    imageOfStore(store, k, marginPx).data.forEach((value, at) => {
      sums[at] = (sums[at] as number) + value;
    });
  }
  return {
    widthPx: sizePx,
    heightPx: sizePx,
    data: Uint8Array.from(sums, (sum) => Math.round(sum / store.count)),
  };
}
