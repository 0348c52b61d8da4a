// Sets in memory, joined and cut in the plainest way: what image stores are held against.
import { cropImages, type ImageSet, imageBytes } from '../../stores/image-set.js';

/** The images with these numbers, in this order, as a set of their own. */
export function selectImages(set: ImageSet, indices: readonly number[]): ImageSet {
  const bytes = imageBytes(set);
  const data = new Uint8Array(indices.length * bytes);
  indices.forEach((index, k) => {
    data.set(set.data.subarray(index * bytes, (index + 1) * bytes), k * bytes);
  });
  return { sizePx: set.sizePx, count: indices.length, data };
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
