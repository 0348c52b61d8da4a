// Plain images: decode, resize, encode. Everything becomes 8-bit sRGB.
import sharp, { type Sharp } from 'sharp';
import { messageOf, SkyfixError } from '../errors/index.js';
import type { RgbImage } from '../geometry/index.js';

export const DEFAULT_MAX_PIXELS = 80_000_000;

/**
 * Decodes a still image to RGB, scaled to the given size where there is one. CMYK, grey, alpha (over black) and 16-bit
 * samples are converted. Throws IMAGE_EMPTY, IMAGE_TOO_LARGE_PIXELS, IMAGE_UNDECODABLE.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: { maxPixels?: number; widthPx?: number; heightPx?: number } = {},
): Promise<RgbImage> {
  if (bytes.length === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
  const { maxPixels = DEFAULT_MAX_PIXELS, widthPx, heightPx } = options;
  try {
    let image = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels }).autoOrient();
    if (widthPx !== undefined && heightPx !== undefined) {
      image = image.resize(widthPx, heightPx, { fit: 'fill' });
    }
    const { data, info } = await image
      .flatten({ background: '#000000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { widthPx: info.width, heightPx: info.height, data: threeChannels(data, info.channels) };
  } catch (error) {
    throw asDecodeError(error, maxPixels);
  }
}

function threeChannels(data: Buffer, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const count = data.length / channels;
  const rgb = new Uint8Array(count * 3);
  const grey = channels < 3;
  for (let k = 0; k < count; k++) {
    for (let c = 0; c < 3; c++) rgb[k * 3 + c] = data[k * channels + (grey ? 0 : c)] as number;
  }
  return rgb;
}

/** What sharp threw, as one of this project's codes. */
export function asDecodeError(error: unknown, maxPixels: number): SkyfixError {
  if (error instanceof SkyfixError) return error;
  const message = messageOf(error);
  if (/exceeds pixel limit/i.test(message)) {
    return new SkyfixError('IMAGE_TOO_LARGE_PIXELS', `The image has more than ${maxPixels} pixels.`, {
      cause: error,
    });
  }
  const reason = message.replace(/\s+/g, ' ').trim().slice(0, 200);
  return new SkyfixError('IMAGE_UNDECODABLE', `The decoder says: ${reason}.`, { cause: error });
}

function rawOf(image: RgbImage): Sharp {
  return sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } });
}

/** The image as a PNG file. */
export async function encodePng(image: RgbImage): Promise<Buffer> {
  return rawOf(image).png().toBuffer();
}

/** Scales to exactly this size (Lanczos, areas averaged where it shrinks). */
export async function resizeImage(image: RgbImage, widthPx: number, heightPx: number): Promise<RgbImage> {
  if (image.widthPx === widthPx && image.heightPx === heightPx) return image;
  const data = await rawOf(image).resize(widthPx, heightPx, { fit: 'fill' }).raw().toBuffer();
  return { widthPx, heightPx, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
