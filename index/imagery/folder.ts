// A folder of GeoTIFFs, as national surveys hand out their ortho-photos: one file a map sheet, together one picture.
import { basename, join } from 'node:path';
import { filesBelow } from '../../src/files/index.js';
import { type GeoTiffOptions, openPlaced, sharedCaches } from './geotiff.js';
import { mosaicOf, type PlacedPicture } from './mosaic.js';
import { type ImagerySource, unusable } from './port/index.js';

const AT_ONCE = 8;

/** The GeoTIFF files in a folder and its subfolders, by name. */
export async function geoTiffsIn(dir: string): Promise<readonly string[]> {
  const names = await filesBelow(dir);
  return names
    .filter((name) => /\.tiff?$/i.test(name) && !basename(name).startsWith('.'))
    .map((name) => join(dir, name));
}

/** Opens them all; where they overlap the first by name counts. Throws IMAGERY_INVALID naming the file that cannot be read. */
export async function openGeoTiffFolder(
  dir: string,
  paths: readonly string[],
  options: GeoTiffOptions,
): Promise<ImagerySource> {
  const shared = sharedCaches();
  const pictures: PlacedPicture[] = [];
  const entries = paths.entries();
  const worker = async () => {
    for (const [k, path] of entries) pictures[k] = await openPlaced(path, shared, options);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (pictures.length === 0) throw unusable(dir, 'it holds no GeoTIFF');
  const names = [...new Set(pictures.map(({ projection }) => projection.name))].join(', ');
  const source = await mosaicOf(
    pictures,
    `folder ${basename(dir)} of ${pictures.length} GeoTIFFs (${names})`,
    options.range,
  );
  return { ...source, facts: [`${pictures.length} files`, ...source.facts] };
}
