// Some small RGB images of one size in one block of memory; image stores (image-store.ts) hold many.
import type { RgbImage } from 'skyfix/geometry';

/** `count` images, each sizePx x sizePx x 3 bytes, row-major RGB, one behind the other. */
export interface ImageSet {
  readonly sizePx: number;
  readonly count: number;
  /** [count, sizePx, sizePx, 3] */
  readonly data: Uint8Array;
}

/** Bytes of one image of the set. */
export function imageBytes(set: ImageSet): number {
  return set.sizePx * set.sizePx * 3;
}

/** Image number `index` as a picture (a view into the set, not a copy). */
export function imageAt(set: ImageSet, index: number): RgbImage {
  const bytes = imageBytes(set);
  return {
    widthPx: set.sizePx,
    heightPx: set.sizePx,
    data: set.data.subarray(index * bytes, (index + 1) * bytes),
  };
}

/** The square of sizePx at leftPx, topPx of every image. */
export function cropImages(set: ImageSet, leftPx: number, topPx: number, sizePx: number): ImageSet {
  if (leftPx === 0 && topPx === 0 && sizePx === set.sizePx) return set;
  if (leftPx < 0 || topPx < 0 || Math.max(leftPx, topPx) + sizePx > set.sizePx) {
    throw new RangeError(`A crop of ${sizePx} px at ${leftPx},${topPx} leaves an image of ${set.sizePx} px.`);
  }
  const out = new Uint8Array(set.count * sizePx * sizePx * 3);
  for (let index = 0; index < set.count; index++) {
    for (let row = 0; row < sizePx; row++) {
      const from = index * imageBytes(set) + ((topPx + row) * set.sizePx + leftPx) * 3;
      out.set(set.data.subarray(from, from + sizePx * 3), (index * sizePx + row) * sizePx * 3);
    }
  }
  return { sizePx, count: set.count, data: out };
}
