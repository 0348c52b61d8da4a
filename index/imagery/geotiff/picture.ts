// One GeoTIFF, opened: where it lies, how its samples become pixels, and its pixels in blocks.
import type { Affine, CrsOptions, Projection } from '../place/index.js';
import type { BlockCache, ImageryBlock } from '../port/index.js';
import { type Colours, coloursOf, toRgb } from './colour.js';
import { georeferenceOf } from './georeference.js';
import { type Layout, layoutOf, TAG } from './layout.js';
import { maskReaderOf, nodataOf, picturesOf, validPixels } from './mask.js';
import { type BlockBudget, RasterReader } from './raster-reader.js';
import { byteScale, needsStatistics, type SampleRange } from './scaling.js';
import { TiffFile } from './tiff-file.js';

export const BLOCK_PX = 512;
/** Statistics are taken of so many squares a side, each of so many pixels. */
const PROBES = 4;
const PROBE_PX = 192;

export interface Shared {
  /** Of decoded blocks of the file. */
  readonly budget: BlockBudget;
  /** Of blocks as they are handed out. */
  readonly cache: BlockCache;
}

export interface PictureOptions extends CrsOptions {
  /** Sample numbers of red, green and blue instead of the file's. */
  readonly bands?: readonly number[];
  /** A nodata value of each of them instead of the file's. */
  readonly nodata?: readonly (number | undefined)[];
  /** Only this part of the picture is imagery. */
  readonly clip?: Rectangle;
  /** False where the place is given by another file (a VRT). */
  readonly georeferenced?: boolean;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class GeoTiffPicture {
  readonly path: string;
  readonly layout: Layout;
  readonly affine: Affine | undefined;
  readonly projection: Projection | undefined;
  readonly warnings: readonly string[];
  readonly declaredMost: number | undefined;
  /** Its copyright notice. */
  readonly copyright: string | undefined;
  readonly #colours: Colours;
  readonly #nodata: readonly (number | undefined)[] | undefined;
  readonly #pixels: RasterReader;
  readonly #mask: RasterReader | undefined;
  readonly #shared: Shared;
  readonly #clip: Rectangle | undefined;
  readonly #key: string;

  private constructor(parts: PictureParts) {
    this.layout = parts.layout;
    this.path = parts.layout.path;
    this.affine = parts.affine;
    this.projection = parts.projection;
    this.warnings = parts.warnings;
    this.declaredMost = parts.declaredMost;
    this.copyright = parts.copyright;
    this.#colours = parts.colours;
    this.#nodata = parts.nodata;
    this.#pixels = parts.pixels;
    this.#mask = parts.mask;
    this.#shared = parts.shared;
    this.#clip = parts.clip;
    this.#key = JSON.stringify([this.path, parts.colours.bands, parts.clip]);
  }

  /** Throws IMAGERY_INVALID naming the trait of the file that cannot be read. */
  static async open(path: string, shared: Shared, options: PictureOptions = {}): Promise<GeoTiffPicture> {
    const file = await TiffFile.open(path);
    const pictures = await picturesOf(file);
    const layout = await layoutOf(pictures.main);
    const colours = await coloursOf(layout, options.bands);
    const place = options.georeferenced === false ? undefined : await georeferenceOf(pictures.main, options);
    const channels = [...colours.bands, ...(colours.alpha ? [colours.alpha.band] : [])];
    const own = await nodataOf(pictures.main, layout);
    const nodata = options.nodata ?? (own === undefined ? undefined : colours.bands.map(() => own));
    const mask = await maskReaderOf(pictures, layout, shared.budget, path);
    const warnings = [...colours.warnings];
    if (pictures.others > 0)
      warnings.push(`${path} holds ${pictures.others + 1} pictures; the first is taken.`);
    if (nodata && !mask && layout.codec === 'jpeg') {
      warnings.push(
        `${path} is JPEG, whose nodata value is only nearly kept: its borders may show as a dark seam.`,
      );
    }
    const pixels = new RasterReader(layout, channels, shared.budget, `${path}#${channels}`);
    await pixels.checkWhole();
    await mask?.checkWhole();
    return new GeoTiffPicture({
      layout,
      affine: place?.affine,
      projection: place?.projection,
      colours,
      warnings,
      declaredMost: await pictures.main.number(TAG.maxSampleValue),
      copyright: plainText(await pictures.main.text(TAG.copyright)),
      nodata,
      pixels,
      mask,
      shared,
      clip: options.clip,
    });
  }

  get needsStatistics(): boolean {
    return this.#colours.kind !== 'palette' && needsStatistics(this.layout, this.declaredMost);
  }

  /** Colour samples from squares all over the picture, without those that are no imagery. */
  async probe(): Promise<number[]> {
    const { widthPx, heightPx } = this.layout;
    const [width, height] = [Math.min(widthPx, PROBE_PX), Math.min(heightPx, PROBE_PX)];
    const values: number[] = [];
    for (let i = 0; i < PROBES; i++) {
      for (let j = 0; j < PROBES; j++) {
        const left = Math.floor(((widthPx - width) * j) / (PROBES - 1));
        const top = Math.floor(((heightPx - height) * i) / (PROBES - 1));
        const { samples, valid, channels } = await this.#window(left, top, width, height);
        for (let p = 0; p < valid.length; p++) {
          if (valid[p] !== 1) continue;
          for (let c = 0; c < this.#colours.bands.length; c++)
            values.push(samples[p * channels + c] as number);
        }
      }
    }
    return values;
  }

  /** A block of BLOCK_PX x BLOCK_PX pixels; null outside of the picture and where nothing of it is imagery. */
  block(bx: number, by: number, range: SampleRange): Promise<ImageryBlock | null> {
    const [left, top] = [bx * BLOCK_PX, by * BLOCK_PX];
    const { widthPx, heightPx } = this.layout;
    if (left < 0 || top < 0 || left >= widthPx || top >= heightPx) return Promise.resolve(null);
    return this.#shared.cache.get(`${this.#key}/${bx},${by}`, () => this.#readBlock(left, top, range));
  }

  async #readBlock(left: number, top: number, range: SampleRange): Promise<ImageryBlock | null> {
    const width = Math.min(BLOCK_PX, this.layout.widthPx - left);
    const height = Math.min(BLOCK_PX, this.layout.heightPx - top);
    const { samples, valid, channels } = await this.#window(left, top, width, height);
    if (!valid.includes(1)) return null;
    const toByte = byteScale(range, this.layout);
    const rgb = toRgb(this.#colours, samples, channels, toByte, this.#alphaShare(samples, channels, range));
    const data = new Uint8Array(BLOCK_PX * BLOCK_PX * 3);
    const all = new Uint8Array(BLOCK_PX * BLOCK_PX);
    for (let row = 0; row < height; row++) {
      data.set(rgb.subarray(row * width * 3, (row + 1) * width * 3), row * BLOCK_PX * 3);
      all.set(valid.subarray(row * width, (row + 1) * width), row * BLOCK_PX);
    }
    const image = { widthPx: BLOCK_PX, heightPx: BLOCK_PX, data };
    return all.includes(0) ? { image, valid: all } : { image };
  }

  async #window(left: number, top: number, width: number, height: number) {
    const window = await this.#pixels.window(left, top, width, height);
    const mask = await this.#mask?.window(left, top, width, height);
    const valid = validPixels(window, this.layout, this.#colours, this.#nodata, mask);
    if (this.#clip) clipTo(this.#clip, valid, left, top, width);
    return { samples: window.samples, valid, channels: window.samples.length / valid.length };
  }

  #alphaShare(samples: ArrayLike<number>, channels: number, { high }: SampleRange) {
    if (!this.#colours.alpha?.premultiplied) return undefined;
    return (pixel: number) => (samples[pixel * channels + channels - 1] as number) / high;
  }
}

const MOST_COPYRIGHT = 1000;

/** A notice of photographer and editor has a zero between both (TIFF 6.0). Undefined where nothing is left. */
function plainText(text: string | undefined): string | undefined {
  const plain = text
    ?.replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_COPYRIGHT);
  return plain === '' ? undefined : plain;
}

/** Pixels whose centre lies outside of the rectangle are no imagery. */
function clipTo(
  { x, y, width, height }: Rectangle,
  valid: Uint8Array,
  left: number,
  top: number,
  widthPx: number,
): void {
  for (let p = 0; p < valid.length; p++) {
    const column = left + (p % widthPx) + 0.5;
    const row = top + Math.floor(p / widthPx) + 0.5;
    if (column < x || column > x + width || row < y || row > y + height) valid[p] = 0;
  }
}

interface PictureParts {
  readonly layout: Layout;
  readonly affine: Affine | undefined;
  readonly projection: Projection | undefined;
  readonly colours: Colours;
  readonly warnings: readonly string[];
  readonly declaredMost: number | undefined;
  readonly copyright: string | undefined;
  readonly nodata: readonly (number | undefined)[] | undefined;
  readonly pixels: RasterReader;
  readonly mask: RasterReader | undefined;
  readonly shared: Shared;
  readonly clip: Rectangle | undefined;
}
