// Views as they would be under another heading, and a little beside the camera: cut out of stored BEVs and their margin, so
// that no panorama is projected again.

import { sha256OfBytes } from 'skyfix/files';
import { type Crop, computeCrop, NO_JITTER } from '../batches/index.js';
import type { FeatureImages } from './feature-images.js';

/** How a view lies against its ground. */
export interface ViewTurn {
  /** Clockwise: what lay north then lies at this azimuth. */
  readonly turnDeg: number;
  /** Of the view's middle, from the camera, before the turn; pixels. */
  readonly eastPx: number;
  readonly southPx: number;
}

/**
 * The middle `sizePx` of images, turned and shifted as `turnOf` says of each; what lies outside of an image is black. `key` says
 * which function it is, for caches. Throws RangeError where a shift leaves an image.
 */
export function turnedViews(
  images: FeatureImages,
  sizePx: number,
  key: string,
  turnOf: (row: number) => ViewTurn,
): FeatureImages {
  const margin = (images.sizePx - sizePx) / 2;
  const whole: Omit<Crop, 'leftPx' | 'topPx' | 'turnDeg'> = {
    store: 0,
    row: 0,
    sizePx,
    dihedral: 0,
    jitter: NO_JITTER,
    seed: 0,
    stream: 0,
    range: 'unit',
  };
  return {
    sizePx,
    count: images.count,
    digest: sha256OfBytes(`${images.digest} ${sizePx} ${key}`),
    image: async (row) => {
      const { turnDeg, eastPx, southPx } = turnOf(row);
      const { data } = await images.image(row);
      const pixels = new Float32Array(sizePx * sizePx * 3);
      const crop = { ...whole, turnDeg, leftPx: margin + eastPx, topPx: margin + southPx };
      computeCrop(crop, images, new Uint8Array(data), pixels, 0);
      return {
        widthPx: sizePx,
        heightPx: sizePx,
        data: Uint8Array.from(pixels, (value) => Math.round(255 * value)),
      };
    },
  };
}
