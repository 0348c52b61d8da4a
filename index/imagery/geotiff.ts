// A GeoTIFF file as imagery.
import { basename } from 'node:path';
import {
  BlockBudget,
  GeoTiffPicture,
  type PictureOptions,
  type SampleRange,
  type Shared,
} from './geotiff/index.js';
import { mosaicOf, type PlacedPicture } from './mosaic.js';
import { type CrsOptions, placementOf } from './place/index.js';
import { BlockCache, type ImagerySource, unusable } from './port/index.js';

export interface GeoTiffOptions extends CrsOptions {
  /** What becomes black and white of samples that are not 8-bit. */
  readonly range?: SampleRange | undefined;
}

/** 96 blocks of 512 x 512 RGB with their masks are 100 MB. */
const CACHED_BLOCKS = 96;
/** A row of strips of 512 x 80,000 RGB pixels. */
const CACHED_BYTES = 128 * 1024 * 1024;

export function sharedCaches(): Shared {
  return { budget: new BlockBudget(CACHED_BYTES), cache: new BlockCache(CACHED_BLOCKS) };
}

/** Opens a GeoTIFF; IMAGERY_INVALID says what is missing, or by what name it cannot be read. */
export async function openGeoTiff(path: string, options: GeoTiffOptions = {}): Promise<ImagerySource> {
  const picture = await openPlaced(path, sharedCaches(), options);
  const { name } = picture.projection;
  return mosaicOf([picture], `GeoTIFF ${basename(path)} (${name})`, options.range);
}

/** A GeoTIFF at the place that it names itself. */
export async function openPlaced(
  path: string,
  shared: Shared,
  options: PictureOptions,
): Promise<PlacedPicture> {
  const picture = await GeoTiffPicture.open(path, shared, options);
  const { affine, projection, layout } = picture;
  if (!affine || !projection) throw unusable(path, 'it has no georeference');
  return {
    picture,
    projection,
    placement: placementOf(layout.widthPx, layout.heightPx, affine, projection, path),
  };
}
