// The images that features are made of: those of a store, turned, or changed by something random.
import { sha256OfBytes } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import type { Dihedral } from '../batches/index.js';
import { digestOfStore, type ImageStore, imageOfStore } from '../stores/index.js';

/** Images that are made when they are asked for; the same number always gives the same image. */
export interface FeatureImages {
  readonly sizePx: number;
  readonly count: number;
  /** Changes with any pixel. */
  readonly digest: string;
  image(index: number): RgbImage | Promise<RgbImage>;
}

export function storedImages(store: ImageStore): FeatureImages {
  const { sizePx, count } = store;
  return { sizePx, count, digest: digestOfStore(store), image: (index) => imageOfStore(store, index) };
}

/** Every image after a symmetry of the square (as training's batches name them). */
export function turnedImages(images: FeatureImages, dihedral: Dihedral): FeatureImages {
  if (dihedral === 0) return images;
  return changedImages(images, `dihedral ${dihedral}`, (image) => turned(image, dihedral));
}

/** Every image changed by a function of its number; `key` says which function it is, for caches. */
export function changedImages(
  images: FeatureImages,
  key: string,
  change: (image: RgbImage, index: number) => RgbImage | Promise<RgbImage>,
): FeatureImages {
  return {
    ...images,
    digest: sha256OfBytes(`${images.digest} ${key}`),
    image: async (index) => change(await images.image(index), index),
  };
}

/** Bit 0 flips columns, bit 1 flips rows, bit 2 transposes. */
function turned({ widthPx, heightPx, data }: RgbImage, dihedral: Dihedral): RgbImage {
  const last = widthPx - 1;
  const out = new Uint8Array(data.length);
  for (let i = 0, to = 0; i < heightPx; i++) {
    for (let j = 0; j < widthPx; j++, to += 3) {
      let [row, column] = dihedral & 4 ? [j, i] : [i, j];
      if (dihedral & 1) column = last - column;
      if (dihedral & 2) row = last - row;
      const from = (row * widthPx + column) * 3;
      out[to] = data[from] as number;
      out[to + 1] = data[from + 1] as number;
      out[to + 2] = data[from + 2] as number;
    }
  }
  return { widthPx, heightPx, data: out };
}
