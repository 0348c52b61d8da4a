// Imagery: where the satellite pixels come from, and tiles cut out of it.
import { readdir, stat } from 'node:fs/promises';
import { SkyfixError } from '../../src/errors/index.js';
import { geoTiffsIn, openGeoTiffFolder } from './folder.js';
import { type GeoTiffOptions, openGeoTiff } from './geotiff.js';
import { type ImagerySource, unusable } from './port/index.js';
import { openVrt } from './vrt.js';
import { openXyzFolder, type XyzOptions } from './xyz.js';

export {
  type CutTile,
  cutTile,
  cutTileOf,
  MISSING_SHARE,
  type Resampled,
  resampleSquare,
} from './cut-tile.js';
export type { SampleRange } from './geotiff/index.js';
export { contentDigestOf, imageryIdentity } from './identity.js';
export { grownBounds } from './mosaic.js';
export type { ImageryBlock, ImageryLayer, ImagerySource } from './port/index.js';

export type ImageryOptions = GeoTiffOptions & XyzOptions;

const NOT_READ: Readonly<Record<string, string>> = {
  mbtiles: 'an MBTiles file',
  pmtiles: 'a PMTiles file',
  jp2: 'a JPEG 2000 file',
  j2k: 'a JPEG 2000 file',
  ecw: 'an ECW file',
  sid: 'a MrSID file',
  img: 'an Erdas Imagine file',
  gpkg: 'a GeoPackage',
  zip: 'an archive',
};

/** Opens a GeoTIFF file, a VRT of GeoTIFFs, a folder of GeoTIFFs, or an XYZ/TMS folder. */
export async function openImagery(path: string, options: ImageryOptions = {}): Promise<ImagerySource> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw new SkyfixError('IMAGERY_INVALID', `${path} is an address; download the imagery first.`);
  }
  const entry = await stat(path).catch(() => undefined);
  if (!entry) throw new SkyfixError('IMAGERY_INVALID', `${path} does not exist.`);
  if (entry.isDirectory()) return openFolder(path, options);
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  if (extension === 'vrt') return openVrt(path, options);
  const name = NOT_READ[extension];
  if (name !== undefined) {
    throw unusable(
      path,
      `it is ${name}, which is not read; "gdal_translate -of GTiff -co TILED=YES" makes a GeoTIFF of it`,
    );
  }
  return openGeoTiff(path, options);
}

async function openFolder(path: string, options: ImageryOptions): Promise<ImagerySource> {
  const entries = await readdir(path, { withFileTypes: true });
  const levels = entries.some((entry) => entry.isDirectory() && /^\d+$/.test(entry.name));
  const tiffs = levels && options.zoom !== undefined ? [] : await geoTiffsIn(path);
  if (tiffs.length > 0) return openGeoTiffFolder(path, tiffs, options);
  if (!levels) {
    throw unusable(
      path,
      'it holds neither GeoTIFFs (.tif, .tiff) nor folders of tiles named by their zoom level (z/x/y)',
    );
  }
  return openXyzFolder(path, options);
}
