// Contact sheets, for looking at what was made: the mosaic, panoramas, and panorama with tile.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { decodeImage, encodePng, sharp } from 'skyfix/imaging';
import { imageSheet, spreadEvenly } from '../../drawing/index.js';
import { cropImages } from '../../stores/index.js';
import type { Place } from '../street/places.js';

const TILE_PX = 256;

/** Writes sheets/mosaic.png, sheets/panoramas.png and sheets/detail.png into the town's folder. */
export async function writeSheets(
  folder: string,
  mosaic: Uint8Array,
  n: number,
  places: readonly Place[],
): Promise<void> {
  const sheets = join(folder, 'sheets');
  await mkdir(sheets, { recursive: true });
  const source = { raw: { width: n, height: n, channels: 3 as const } };
  await sharp(mosaic, source).resize(1600, 1600, { fit: 'inside' }).png().toFile(join(sheets, 'mosaic.png'));
  const cut = (leftPx: number, topPx: number, sizePx: number): RgbImage => {
    const { data } = cropImages({ sizePx: n, count: 1, data: mosaic }, leftPx, topPx, sizePx);
    return { widthPx: sizePx, heightPx: sizePx, data };
  };
  const side = Math.min(n, 1000);
  const middle = Math.floor((n - side) / 2);
  await writeFileAtomic(join(sheets, 'detail.png'), await encodePng(cut(middle, middle, side)));
  const cells: (readonly RgbImage[])[] = [];
  for (const k of spreadEvenly(places.length, 12)) {
    const { id, camera } = places[k] as Place;
    const file = await readFile(join(folder, 'panoramas', `${id}.jpg`));
    const centreX = Math.round(camera.x * 4);
    const centreY = n - Math.round(camera.y * 4);
    cells.push([
      await decodeImage(file, { widthPx: 2 * TILE_PX, heightPx: TILE_PX }),
      cut(centreX - TILE_PX / 2, centreY - TILE_PX / 2, TILE_PX),
    ]);
  }
  const sheet = imageSheet(cells, { columns: 2, gapPx: 4, cellGapPx: 4 });
  await writeFileAtomic(join(sheets, 'panoramas.png'), await encodePng(sheet));
}
