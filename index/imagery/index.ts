// Imagery: where the satellite pixels come from, and tiles cut out of it.
import { stat } from 'node:fs/promises';
import { SkyfixError } from '../../src/errors/index.js';
import { type GeoTiffOptions, openGeoTiff } from './geotiff.js';
import type { ImagerySource } from './source.js';
import { openXyzFolder, type XyzOptions } from './xyz.js';

export { cutTile } from './cut-tile.js';
export { imageryIdentity } from './identity.js';
export type { ImageryBlock, ImagerySource } from './source.js';

export type ImageryOptions = GeoTiffOptions & XyzOptions;

/** Opens a GeoTIFF file or an XYZ/TMS folder. */
export async function openImagery(path: string, options: ImageryOptions = {}): Promise<ImagerySource> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) throw new SkyfixError('IMAGERY_INVALID', `${path} does not exist.`);
  return entry.isDirectory() ? openXyzFolder(path, options) : openGeoTiff(path, options);
}
