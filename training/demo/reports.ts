// What the demo commands show: the mean tile, and sheets of BEV, view and tile side by side.
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { type ImageSet, imageAt, imageBytes } from '../data/image-set.js';
import { imageSheet, spreadEvenly } from '../data/sheet.js';

/** The average of all images of a set: the baseline that a blur has to beat. */
export function meanTile(set: ImageSet): RgbImage {
  const bytes = imageBytes(set);
  const sum = new Float64Array(bytes);
  for (let index = 0; index < set.count; index++) {
    for (let k = 0; k < bytes; k++) sum[k] = (sum[k] as number) + (set.data[index * bytes + k] as number);
  }
  return {
    widthPx: set.sizePx,
    heightPx: set.sizePx,
    data: Uint8Array.from(sum, (v) => Math.round(v / set.count)),
  };
}

/** A sheet of 8 x 4 places, each BEV, view and tile side by side. */
export async function writeViewSheet(path: string, ...sets: readonly ImageSet[]): Promise<void> {
  const shown = spreadEvenly(sets[0]?.count ?? 0, 8 * 4);
  const cells = shown.map((index) => sets.map((set) => imageAt(set, index)));
  const sheet = imageSheet(cells, { columns: 4, gapPx: 0, cellGapPx: 4 });
  await writeFileAtomic(path, await encodePng(sheet));
}
