// Pictures to look at, small: WebP, see-through where there is nothing to see.
import type { RgbImage } from '../geometry/index.js';
import { sharp } from './sharp.js';

const QUALITY = 85;

/** `shown` (0 or 1 a pixel): pixels that are 0 are transparent; all are opaque where it is absent. */
export async function encodeWebp(image: RgbImage, shown?: Uint8Array): Promise<Buffer> {
  const { widthPx: width, heightPx: height, data } = image;
  const seeThrough = shown?.includes(0) ? withAlpha(data, shown) : undefined;
  const raw = { width, height, channels: seeThrough ? 4 : 3 } as const;
  return sharp(seeThrough ?? data, { raw })
    .webp({ quality: QUALITY })
    .toBuffer();
}

/** [H, W, 3] and [H, W] of 0 and 1 to [H, W, 4]. */
function withAlpha(rgb: Uint8Array, shown: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(shown.length * 4);
  for (let k = 0; k < shown.length; k++) {
    rgba.set(rgb.subarray(3 * k, 3 * k + 3), 4 * k);
    rgba[4 * k + 3] = shown[k] === 0 ? 0 : 255;
  }
  return rgba;
}
