// A contact sheet of panorama, its bird's-eye view and its tile, made with the code that serving uses.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import { BevTableCache, projectBev, type RgbImage } from 'skyfix/geometry';
import { decodePanorama, encodePng, resizeImage } from 'skyfix/imaging';
import { cutTile, openImagery } from 'skyfix/index';
import { imageSheet, spreadEvenly } from '../../drawing/index.js';
import { toLonLat } from '../overhead/georeference.js';
import { CAMERA_HEIGHT_M, TILE_M } from '../scene/options.js';
import type { Place } from '../street/places.js';

const SIZE = 256;

/** Writes sheets/triples.png: twelve places of the town's folder, drawn evenly. */
export async function writeTriples(folder: string, places: readonly Place[]): Promise<void> {
  const source = await openImagery(join(folder, 'mosaic.tif'), {});
  try {
    const tables = new BevTableCache();
    const geometry = { sizePx: SIZE, gsdM: TILE_M / SIZE, cameraHeightM: CAMERA_HEIGHT_M };
    const cells: (readonly RgbImage[])[] = [];
    for (const k of spreadEvenly(places.length, 12)) {
      const { id, camera } = places[k] as Place;
      const file = await readFile(join(folder, 'panoramas', `${id}.jpg`));
      const { image, window, pose } = await decodePanorama(file, {});
      const bev = projectBev(image, window, pose, geometry, tables);
      const tile = await cutTile(source, toLonLat(camera.x, camera.y), TILE_M, SIZE);
      cells.push([await resizeImage(image, 2 * SIZE, SIZE), bev.image, ...(tile ? [tile] : [])]);
    }
    const sheet = imageSheet(cells, { columns: 2, gapPx: 4, cellGapPx: 8 });
    await writeFileAtomic(join(folder, 'sheets', 'triples.png'), await encodePng(sheet));
  } finally {
    await source.close();
  }
}
