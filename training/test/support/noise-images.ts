// Images of noise, and what is compared of them.
import type { RgbImage } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import { type ImageStore, readImages } from '../../stores/image-store.js';
import { put } from './dataset-fixtures.js';

export async function putNoise(
  path: string,
  widthPx: number,
  heightPx: number,
  seed: number,
): Promise<RgbImage> {
  const rng = makeRng(seed);
  const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, () => rng.int(0, 255));
  await put(path, await encodePng({ widthPx, heightPx, data }));
  return { widthPx, heightPx, data };
}

export const imageOf = (store: ImageStore, k: number) => readImages(store, k, 1).data;

/** The square of an image, for comparison with what was prepared. */
export function square({ widthPx, data }: RgbImage, left: number, top: number, side: number): RgbImage {
  const out = Uint8Array.from({ length: side * side * 3 }, (_, k) => {
    const [row, column, c] = [Math.floor(k / 3 / side), Math.floor(k / 3) % side, k % 3];
    return data[((top + row) * widthPx + left + column) * 3 + c] as number;
  });
  return { widthPx: side, heightPx: side, data: out };
}
