// How near generated views come to the tiles of their places, and what stands beside that: the BEV itself, the panorama,
// and the mean tile.
import type { RgbImage } from 'skyfix/geometry';
import { meanQuality } from '../evaluation/index.js';
import type { PreparedArea } from '../images/index.js';
import type { RunResult } from '../runs/index.js';
import { type ImageStore, imageOfStore } from '../stores/index.js';
import { meanImage } from './mean-image.js';

/** `trainingTiles`: whose mean is the mean tile. `views`: of the area's places, where the run makes some. */
export async function generationFigures(
  trainingTiles: ImageStore,
  area: PreparedArea,
  views: ImageStore | undefined,
): Promise<RunResult['generation']> {
  const sizePx = area.gallery.sizePx;
  const imageOf = (store: ImageStore) => (row: number) =>
    imageOfStore(store, row, (store.sizePx - sizePx) / 2);
  const tile = imageOf(area.tiles);
  function* besideTiles(image: (row: number) => RgbImage) {
    for (const row of area.ids.keys()) yield [image(row), tile(row)] as const;
  }
  const against = (store: ImageStore) => meanQuality(besideTiles(imageOf(store)));
  const mean = meanImage(trainingTiles, sizePx);
  return {
    ...(views && { view: await against(views) }),
    bev: await against(area.bevs),
    ...(area.panoramas && { panorama: await against(area.panoramas) }),
    meanTile: await meanQuality(besideTiles(() => mean)),
  };
}
