// The image files of a data set: whether they are there, and whether they can be decoded.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import type { FieldOfView, RgbImage } from 'skyfix/geometry';
import { decodeImage, readPanoramaMetadata } from 'skyfix/imaging';
import { cutTile, type ImagerySource, openImagery } from 'skyfix/index';
import type { DatasetPanorama, ImageSize, TileImage } from './types.js';

const AT_ONCE = 8;
const VIEW_ERRORS: readonly string[] = ['PANORAMA_FOV_UNKNOWN', 'PARAMETER_INVALID'];
/** Side of the tile that is cut from a mosaic to see whether there is imagery. */
const PROBE_PX = 32;

/** Reads panoramas and tiles; keeps mosaics open between tiles until it is closed. */
export class ImageReader {
  readonly #mosaics = new Map<string, Promise<ImagerySource>>();

  /** The pixels of an image file as RGB; throws what the file system or the decoder says. */
  async file(path: string): Promise<RgbImage> {
    return decodeImage(await readFile(path));
  }

  /** The pixels of a tile: its file's, or sizePx x sizePx cut from the mosaic. Throws where there is no imagery. */
  async tile(image: TileImage, sizePx: number): Promise<RgbImage> {
    const tile = await this.tileOrNull(image, sizePx);
    if (tile) return tile;
    const { lon, lat } = image.kind === 'mosaic' ? image.centre : { lon: Number.NaN, lat: Number.NaN };
    throw new Error(`no imagery around ${lon}, ${lat}`);
  }

  /** The same, and null where the mosaic has no imagery. */
  async tileOrNull(image: TileImage, sizePx: number): Promise<RgbImage | null> {
    if (image.kind === 'file') return this.file(image.path);
    const key = JSON.stringify([image.path, image.imagery]);
    let mosaic = this.#mosaics.get(key);
    if (!mosaic) {
      mosaic = openImagery(image.path, image.imagery);
      this.#mosaics.set(key, mosaic);
    }
    return cutTile(await mosaic, image.centre, image.sizeM, sizePx);
  }

  /** Closes the mosaics that were opened. */
  async close(): Promise<void> {
    const sources = await Promise.allSettled(this.#mosaics.values());
    this.#mosaics.clear();
    for (const source of sources) if (source.status === 'fulfilled') await source.value.close();
  }
}

/** What decoding images found, by imageKey. */
export interface DecodedImages {
  /** Sizes of the image files; squares of a mosaic have none of their own. */
  readonly sizes: ReadonlyMap<string, ImageSize>;
  /** What is wrong with each of the others. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** One key for each image, however often it is listed. */
export function imageKey(image: TileImage): string {
  return image.kind === 'file' ? image.path : `${image.path} ${image.centre.lon} ${image.centre.lat}`;
}

/** An image file as a TileImage, so that panoramas and tiles can be looked for together. */
export function fileImage(path: string): TileImage {
  return { kind: 'file', path };
}

/**
 * The keys of images whose file is missing or a folder, each with what is wrong; a mosaic may be a folder, whose tiles are
 * looked for where it is opened.
 */
export async function missingImages(images: Iterable<TileImage>): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  await forEachImage(images, async (image, key) => {
    const found = await stat(image.path).catch(() => undefined);
    if (!found) missing.set(key, `${image.path} does not exist`);
    else if (!found.isFile() && !(image.kind === 'mosaic' && found.isDirectory()))
      missing.set(key, `${image.path} is not a file`);
  });
  return missing;
}

/**
 * Of image files that are not there, the one that is, with the same name but for capital letters, by imageKey. Where several
 * differ so, none is.
 */
export async function namesInOtherCase(images: Iterable<TileImage>): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>();
  const namesIn = (folder: string) => {
    const known = folders.get(folder);
    if (known) return known;
    const read = readdir(folder)
      .catch((): string[] => [])
      .then((names) => {
        const byLetters = new Map<string, string[]>();
        for (const name of names) {
          const letters = name.toLowerCase();
          byLetters.set(letters, [...(byLetters.get(letters) ?? []), name]);
        }
        return byLetters;
      });
    folders.set(folder, read);
    return read;
  };
  const found = new Map<string, string>();
  await forEachImage(images, async (image, key) => {
    if (image.kind !== 'file' || (await stat(image.path).catch(() => undefined))) return;
    const folder = dirname(image.path);
    const names = (await namesIn(folder)).get(basename(image.path).toLowerCase()) ?? [];
    if (names.length === 1) found.set(key, join(folder, names[0] as string));
  });
  return found;
}

/** Decodes every image once. A tile of a mosaic is cut at a small size, which shows whether there is imagery. */
export async function decodeImages(images: Iterable<TileImage>): Promise<DecodedImages> {
  const sizes = new Map<string, ImageSize>();
  const unreadable = new Map<string, string>();
  const reader = new ImageReader();
  try {
    await forEachImage(images, async (image, key) => {
      try {
        const { widthPx, heightPx } = await reader.tile(image, PROBE_PX);
        if (image.kind === 'file') sizes.set(key, { widthPx, heightPx });
      } catch (error) {
        unreadable.set(key, `${image.path} cannot be read: ${messageOf(error)}`);
      }
    });
  } finally {
    await reader.close();
  }
  return { sizes, unreadable };
}

/**
 * Panoramas whose field of view neither their file nor the data set says, by imageKey: decodable, and of no use. Those that
 * cannot be read at all are left to decodeImages.
 */
export async function unknownViews(
  panoramas: readonly DatasetPanorama[],
  assumedLater: FieldOfView | undefined,
): Promise<ReadonlyMap<string, string>> {
  const known = new Map(panoramas.map((panorama) => [panorama.path, panorama]));
  const unknown = new Map<string, string>();
  const images = panoramas.map(({ path }) => fileImage(path));
  await forEachImage(images, async ({ path }, key) => {
    const { fieldOfView = assumedLater, verticalFovDeg, horizonShare } = known.get(path) ?? {};
    const said = { fieldOfView, verticalFovDeg, horizonShare };
    await readPanoramaMetadata(await readFile(path), said).catch((error: unknown) => {
      // A horizon that cannot be: the row does not go with what its file shows.
      if (!(error instanceof SkyfixError) || !VIEW_ERRORS.includes(error.code)) return;
      unknown.set(key, `${path}: ${error.detail}`);
    });
  });
  return unknown;
}

/** Some images at a time, each key once. */
async function forEachImage(
  images: Iterable<TileImage>,
  look: (image: TileImage, key: string) => Promise<void>,
): Promise<void> {
  const queue = new Map<string, TileImage>();
  for (const image of images) queue.set(imageKey(image), image);
  const entries = queue.entries();
  const worker = async (): Promise<void> => {
    for (const [key, image] of entries) await look(image, key);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
