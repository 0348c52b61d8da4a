// Many small RGB images of one size in one block of bytes, and its file: the form in which BEVs, views and tiles
// wait for training. The file is keyed by everything it depends on.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
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

/** The images with these numbers, in this order, as a set of their own. */
export function selectImages(set: ImageSet, indices: readonly number[]): ImageSet {
  const bytes = imageBytes(set);
  const data = new Uint8Array(indices.length * bytes);
  indices.forEach((index, k) => {
    data.set(set.data.subarray(index * bytes, (index + 1) * bytes), k * bytes);
  });
  return { sizePx: set.sizePx, count: indices.length, data };
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

/** The middle sizePx x sizePx of every image. */
export function centreCrop(set: ImageSet, sizePx: number): ImageSet {
  const margin = (set.sizePx - sizePx) >> 1;
  return cropImages(set, margin, margin, sizePx);
}

/** One set behind the other; both of one size. */
export function joinImages(a: ImageSet, b: ImageSet): ImageSet {
  if (a.sizePx !== b.sizePx)
    throw new RangeError(`Images of ${a.sizePx} and ${b.sizePx} px cannot be joined.`);
  const data = new Uint8Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { sizePx: a.sizePx, count: a.count + b.count, data };
}

/**
 * Returns the set for `key` from the cache folder, or makes it one image at a time and keeps it there.
 * `key` holds everything the pixels depend on; a file whose length does not fit is made anew.
 */
export async function cachedImageSet(
  cacheDir: string,
  key: Readonly<Record<string, unknown>>,
  sizePx: number,
  count: number,
  make: (index: number) => Promise<RgbImage>,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageSet> {
  const name = sha256OfBytes(JSON.stringify({ ...key, sizePx, count })).slice(0, 24);
  const path = join(cacheDir, `${name}.rgb`);
  const bytes = sizePx * sizePx * 3;
  const cached = await readFile(path).catch(() => undefined);
  if (cached?.length === bytes * count) {
    onProgress?.(count, count);
    return { sizePx, count, data: new Uint8Array(cached.buffer, cached.byteOffset, cached.length) };
  }
  const data = new Uint8Array(bytes * count);
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const image = await make(index);
      if (image.widthPx !== sizePx || image.heightPx !== sizePx) {
        throw new RangeError(`Image ${index} is ${image.widthPx}x${image.heightPx} px instead of ${sizePx}.`);
      }
      data.set(image.data, index * bytes);
      onProgress?.(++done, count);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await writeFileAtomic(path, data);
  return { sizePx, count, data };
}
