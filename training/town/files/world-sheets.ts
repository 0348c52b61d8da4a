// The contact sheet of a world: the mosaic, and places as panorama, bird's-eye view and tile.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { BevTableCache, projectBev, type RgbImage } from 'skyfix/geometry';
import { decodePanorama, encodePng, resizeImage, sharp } from 'skyfix/imaging';
import { cutTile, openImagery } from 'skyfix/index';
import { imageSheet, spreadEvenly } from '../../drawing/index.js';
import { toLonLat } from '../overhead/georeference.js';
import type { GroundPicture } from '../overhead/sensor.js';
import { TILE_M } from '../scene/options.js';
import type { Place } from '../street/places.js';

const SIZE = 256;

/** Writes sheets/mosaic.png and sheets/triples.png: a dozen places, each seen at its own camera height. */
export async function writeWorldSheets(
  folder: string,
  mosaic: GroundPicture,
  places: readonly Place[],
): Promise<void> {
  const sheets = join(folder, 'sheets');
  await mkdir(sheets, { recursive: true });
  const raw = { raw: { width: mosaic.sizePx, height: mosaic.sizePx, channels: 3 as const } };
  await sharp(mosaic.data, raw)
    .resize(1600, 1600, { fit: 'inside' })
    .png()
    .toFile(join(sheets, 'mosaic.png'));
  const source = await openImagery(join(folder, 'mosaic.tif'), {});
  try {
    const tables = new BevTableCache();
    const cells: (readonly RgbImage[])[] = [];
    for (const k of spreadEvenly(places.length, 12)) {
      const { id, camera } = places[k] as Place;
      const file = await readFile(join(folder, 'panoramas', `${id}.jpg`));
      const { image, window, pose } = await decodePanorama(file, {});
      const geometry = { sizePx: SIZE, gsdM: TILE_M / SIZE, cameraHeightM: camera.heightM };
      const bev = projectBev(image, window, pose, geometry, tables);
      const tile = await cutTile(source, toLonLat(camera.x, camera.y), TILE_M, SIZE);
      const high = Math.round((2 * SIZE * image.heightPx) / image.widthPx);
      cells.push([await resizeImage(image, 2 * SIZE, high), bev.image, ...(tile ? [tile] : [])]);
    }
    const sheet = imageSheet(cells, { columns: 2, gapPx: 4, cellGapPx: 8 });
    await writeFileAtomic(join(sheets, 'triples.png'), await encodePng(sheet));
  } finally {
    await source.close();
  }
}

/** Copies a world's sheet of places to a file, as JPEG or PNG by its name. */
export async function writeContactSheetOf(folder: string, file: string): Promise<void> {
  const sheet = sharp(join(folder, 'sheets', 'triples.png'));
  const bytes = /\.jpe?g$/i.test(file)
    ? await sheet.jpeg({ quality: 88 }).toBuffer()
    : await sheet.png().toBuffer();
  await writeFileAtomic(file, bytes);
}
