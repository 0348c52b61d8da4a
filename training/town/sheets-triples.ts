// A contact sheet of panorama, its bird's-eye view and its tile, made with the code that serving uses.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { BevTableCache, projectBev, type RgbImage } from 'skyfix/geometry';
import { decodePanorama } from 'skyfix/imaging';
import { cutTile, openImagery } from 'skyfix/index';
import { toLonLat } from './georeference.js';
import { CAMERA_HEIGHT_M, TILE_M } from './options.js';
import type { Place } from './places.js';

const SIZE = 256;

const png = (image: RgbImage): Promise<Buffer> =>
  sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } })
    .png()
    .toBuffer();

/** Writes sheets/triples.png: twelve places of the town's folder, drawn evenly. */
export async function writeTriples(folder: string, places: readonly Place[]): Promise<void> {
  const source = await openImagery(join(folder, 'mosaic.tif'), {});
  try {
    const tables = new BevTableCache();
    const count = Math.min(12, places.length);
    const layers: { input: Buffer; left: number; top: number }[] = [];
    for (let k = 0; k < count; k++) {
      const place = places[Math.floor((k * places.length) / count)];
      if (place === undefined) continue;
      const file = await readFile(join(folder, 'panoramas', `${place.id}.jpg`));
      const { image, window, pose } = await decodePanorama(file, {});
      const geometry = { sizePx: SIZE, gsdM: TILE_M / SIZE, cameraHeightM: CAMERA_HEIGHT_M };
      const bev = projectBev(image, window, pose, geometry, tables);
      const tile = await cutTile(source, toLonLat(place.camera.x, place.camera.y), TILE_M, SIZE);
      const left = (k % 2) * (4 * SIZE + 16);
      const top = Math.floor(k / 2) * (SIZE + 4);
      layers.push(
        {
          input: await sharp(file)
            .resize(2 * SIZE, SIZE)
            .png()
            .toBuffer(),
          left,
          top,
        },
        { input: await png(bev.image), left: left + 2 * SIZE + 4, top },
      );
      if (tile !== null) layers.push({ input: await png(tile), left: left + 3 * SIZE + 8, top });
    }
    const height = Math.ceil(count / 2) * (SIZE + 4);
    await sharp({ create: { width: 8 * SIZE + 28, height, channels: 3, background: '#ffffff' } })
      .composite(layers)
      .png()
      .toFile(join(folder, 'sheets', 'triples.png'));
  } finally {
    await source.close();
  }
}
