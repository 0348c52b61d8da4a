// The small sound files that everything is made from.
import sharp, { type Sharp } from 'sharp';
import { noisePanorama } from '../../support/tiny-region.js';
import type { Draw } from './draw.js';

export const [WIDTH, HEIGHT] = [128, 64];
export const SIZE = { widthPx: WIDTH, heightPx: HEIGHT };

/** Sound files that everything is made from, some of each format. */
export interface Originals {
  readonly jpeg: readonly Buffer[];
  readonly png: readonly Buffer[];
  readonly webp: readonly Buffer[];
  readonly avif: readonly Buffer[];
  readonly tiff: readonly Buffer[];
}

export async function makeOriginals(): Promise<Originals> {
  const { data } = noisePanorama(1, WIDTH);
  const source = () => sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const all = (images: readonly Sharp[]) => Promise.all(images.map((image) => image.toBuffer()));
  const icc = () => source().withIccProfile('srgb');
  return {
    jpeg: await all([
      source().jpeg(),
      source().jpeg({ progressive: true }),
      icc().jpeg(),
      source().toColourspace('cmyk').jpeg(),
      source().greyscale().jpeg(),
    ]),
    png: await all([
      source().png(),
      source().png({ progressive: true }),
      icc().png(),
      source().png({ palette: true }),
      source().toColourspace('rgb16').png(),
    ]),
    webp: await all([
      source().webp(),
      source().webp({ lossless: true }),
      icc().webp(),
      source().ensureAlpha(0.5).webp(),
    ]),
    avif: await all([
      source().avif({ effort: 0 }),
      source().avif({ effort: 0, bitdepth: 10 }),
      source()
        .withExif({ IFD0: { Artist: 'x' } })
        .avif({ effort: 0 }),
    ]),
    tiff: await all([
      source().tiff(),
      source().tiff({ compression: 'lzw', predictor: 'horizontal' }),
      source().tiff({ compression: 'deflate', tile: true }),
      source().tiff({ compression: 'jpeg' }),
      source().tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 }),
    ]),
  };
}

/** Makes one broken file. */
export type Maker = (draw: Draw, originals: Originals) => Buffer;
/** By what they do to it. */
export type Makers = Readonly<Record<string, Maker>>;

/** A copy with some bytes overwritten. */
export function flipped(draw: Draw, bytes: Buffer, count: number): Buffer {
  const file = Buffer.from(bytes);
  for (let k = 0; k < count; k++) file[draw.below(file.length)] = draw.below(256);
  return file;
}
