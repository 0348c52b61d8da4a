// Which pixels are imagery: a mask (inside of the file or beside it) where there is one, else the nodata value and the alpha
// band. So does GDAL (RFC 15); and a mask is lossless where the pixels are JPEG and their nodata value is not.
import { stat } from 'node:fs/promises';
import { unusable } from '../port/index.js';
import type { Colours } from './colour.js';
import { type Layout, layoutOf, TAG } from './layout.js';
import { type BlockBudget, RasterReader, type SampleWindow } from './raster-reader.js';
import { type Directory, TiffFile } from './tiff-file.js';

const REDUCED = 1;
const MASK = 4;
const OLD_REDUCED = 2;
/** 8-bit alpha from here on counts as imagery. */
const OPAQUE_8_BIT = 128;

export interface Pictures {
  readonly main: Directory;
  readonly mask: Directory | undefined;
  /** Full pictures beside the first one. */
  readonly others: number;
}

/** The first full picture of a file and its mask, in whatever order they come; overviews and their masks are left out. */
export async function picturesOf(file: TiffFile): Promise<Pictures> {
  const full: Directory[] = [];
  const masks: Directory[] = [];
  for (const directory of file.directories) {
    const kind = (await directory.number(TAG.newSubfileType)) ?? 0;
    const old = await directory.number(TAG.subfileType);
    if (kind & REDUCED || old === OLD_REDUCED) continue;
    (kind & MASK ? masks : full).push(directory);
  }
  const [main] = full;
  if (!main) throw unusable(file.path, 'it holds overviews or masks only, no picture');
  return { main, mask: masks[0], others: full.length - 1 };
}

/** Reads the mask of a picture of that size: that of the file, or FILE.msk; undefined where there is none. */
export async function maskReaderOf(
  { mask }: Pictures,
  main: Layout,
  budget: BlockBudget,
  name: string,
): Promise<RasterReader | undefined> {
  const directory = mask ?? (await externalMask(main.path));
  if (!directory) return undefined;
  const layout = await layoutOf(directory);
  if (layout.widthPx !== main.widthPx || layout.heightPx !== main.heightPx) {
    throw unusable(
      layout.path,
      `the mask has ${layout.widthPx} x ${layout.heightPx} pixels, the picture ${main.widthPx} x ${main.heightPx}`,
    );
  }
  return new RasterReader(layout, [0], budget, `${name}/mask`);
}

async function externalMask(path: string): Promise<Directory | undefined> {
  const beside = `${path}.msk`;
  if (!(await stat(beside).catch(() => undefined))?.isFile()) return undefined;
  return (await picturesOf(await TiffFile.open(beside))).main;
}

/** The nodata value of a file, as its samples have it; undefined where there is none, or a text that is no number. */
export async function nodataOf(directory: Directory, { type, bits }: Layout): Promise<number | undefined> {
  const text = (await directory.text(TAG.gdalNodata))?.trim();
  if (text === undefined || text === '') return undefined;
  return nodataNumber(text, type === 'float' && bits === 32);
}

export function nodataNumber(text: string, single: boolean): number | undefined {
  const word = text.trim().toLowerCase();
  if (/^[+-]?nan/.test(word)) return Number.NaN;
  if (/^[+-]?inf/.test(word))
    return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(word);
  if (Number.isNaN(value)) return undefined;
  return single ? Math.fround(value) : value;
}

/**
 * 1 for imagery, a value a pixel: what the file holds and no float that is no number; and where there is a mask what it shows,
 * else what is neither nodata in all colours (`nodata` of each) nor transparent.
 */
export function validPixels(
  window: SampleWindow,
  layout: Layout,
  colours: Colours,
  nodata: readonly (number | undefined)[] | undefined,
  mask: SampleWindow | undefined,
): Uint8Array {
  const { samples, present } = window;
  const count = present.length;
  const channels = samples.length / count;
  const valid = Uint8Array.from(present);
  const shown = colours.bands.length;
  if (layout.type === 'float') {
    for (let p = 0; p < count; p++) {
      for (let c = 0; c < shown; c++) if (!Number.isFinite(samples[p * channels + c])) valid[p] = 0;
    }
  }
  if (mask) {
    for (let p = 0; p < count; p++) if (mask.samples[p] === 0) valid[p] = 0;
    return valid;
  }
  if (nodata?.some((value) => value !== undefined)) {
    for (let p = 0; p < count; p++) {
      let missing = true;
      for (let c = 0; c < shown && missing; c++) missing = samples[p * channels + c] === nodata[c];
      if (missing) valid[p] = 0;
    }
  }
  if (colours.alpha) {
    const least = layout.bits === 8 && layout.type === 'uint' ? OPAQUE_8_BIT : Number.MIN_VALUE;
    for (let p = 0; p < count; p++) if (!((samples[p * channels + shown] as number) >= least)) valid[p] = 0;
  }
  return valid;
}
