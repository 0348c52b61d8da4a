// What imagery needs of the decoders: pixels with their alpha, and whether a JPEG stream is whole.
import type { RgbImage } from '../geometry/index.js';
import { asDecodeError, DEFAULT_MAX_PIXELS } from './pixels.js';
import { sharp } from './sharp.js';
import { inspectFile } from './sniff.js';

/** 8-bit sRGB and alpha, four values a pixel. */
export interface RgbaImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** [heightPx, widthPx, 4] */
  readonly data: Uint8Array;
}

/**
 * Decodes a still image with its alpha (255 where it has none). Throws IMAGE_EMPTY, IMAGE_TOO_LARGE_PIXELS,
 * IMAGE_UNDECODABLE.
 */
export async function decodeRgba(bytes: Uint8Array, maxPixels = DEFAULT_MAX_PIXELS): Promise<RgbaImage> {
  try {
    const { data, info } = await sharp(inspectFile(bytes).picture, {
      failOn: 'error',
      limitInputPixels: maxPixels,
    })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { widthPx: info.width, heightPx: info.height, data: pixels };
  } catch (error) {
    throw asDecodeError(error, maxPixels);
  }
}

/** An image split into its colours and one alpha value a pixel. */
export function splitAlpha({ widthPx, heightPx, data }: RgbaImage): { image: RgbImage; alpha: Uint8Array } {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  const alpha = new Uint8Array(widthPx * heightPx);
  for (let k = 0; k < alpha.length; k++) {
    rgb[3 * k] = data[4 * k] as number;
    rgb[3 * k + 1] = data[4 * k + 1] as number;
    rgb[3 * k + 2] = data[4 * k + 2] as number;
    alpha[k] = data[4 * k + 3] as number;
  }
  return { image: { widthPx, heightPx, data: rgb }, alpha };
}

/** Decodes a JPEG stream for what the decoder says of it. Throws IMAGE_UNDECODABLE where it is damaged or cut off. */
export async function checkJpeg(bytes: Uint8Array): Promise<void> {
  try {
    await sharp(bytes, { failOn: 'warning', limitInputPixels: DEFAULT_MAX_PIXELS }).raw().toBuffer();
  } catch (error) {
    throw asDecodeError(error, DEFAULT_MAX_PIXELS);
  }
}
