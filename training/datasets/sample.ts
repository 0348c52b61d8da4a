// A few pairs drawn by seed, and the sheet that shows them.
import { messageOf, SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng, resizeImage } from 'skyfix/imaging';
import { makeRng, shuffled } from 'skyfix/random';
import { imageSheet } from '../drawing/index.js';
import { ImageReader } from './listing/images.js';
import type { CrossViewDataset, CrossViewPair } from './listing/types.js';

const SHEET_PAIRS = 12;
const COLUMNS = 2;
const PANORAMA_PX = 512;
const TILE_PX = 256;
const GAP_PX = 4;

/** A dozen pairs, or all where there are fewer: the same for the same seed and the same pairs. */
export function samplePairs({ pairs }: Pick<CrossViewDataset, 'pairs'>, seed: number): CrossViewPair[] {
  const order = shuffled(pairs.length, makeRng(seed)).slice(0, SHEET_PAIRS);
  return order.flatMap((k) => pairs[k] ?? []);
}

/**
 * Writes a PNG of 12 pairs, two in a row: the panorama, 512 px wide and in the middle of its row, and beside it the
 * positive tile, 256 x 256 px. Throws DATASET_INVALID with file and line where an image cannot be read.
 */
export async function writeContactSheet(path: string, pairs: readonly CrossViewPair[]): Promise<void> {
  const reader = new ImageReader();
  const cells: (readonly RgbImage[])[] = [];
  try {
    for (const pair of pairs) cells.push(await imagesOfPair(reader, pair));
  } finally {
    await reader.close();
  }
  const sheet = imageSheet(cells, { columns: COLUMNS, gapPx: GAP_PX, cellGapPx: GAP_PX });
  await writeFileAtomic(path, await encodePng(sheet));
}

/** Panorama and tile, scaled for the sheet. */
async function imagesOfPair(reader: ImageReader, pair: CrossViewPair): Promise<readonly RgbImage[]> {
  const [positive] = pair.tiles;
  if (!positive) throw new RangeError(`The pair ${pair.id} has no tile.`);
  try {
    const panorama = await reader.file(pair.path);
    const heightPx = Math.round((PANORAMA_PX * panorama.heightPx) / panorama.widthPx);
    return [
      await resizeImage(panorama, PANORAMA_PX, Math.min(TILE_PX, Math.max(1, heightPx))),
      await resizeImage(await reader.tile(positive.tile.image, TILE_PX), TILE_PX, TILE_PX),
    ];
  } catch (error) {
    const detail =
      `${pair.listedAt}: an image of "${pair.id}" cannot be read (${messageOf(error)}). All ` +
      'are checked with --check-images.';
    throw new SkyfixError('DATASET_INVALID', detail, { cause: error });
  }
}
