// A few pairs drawn by seed, and the sheet that shows them.
import { messageOf, SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng, resizeImage } from 'skyfix/imaging';
import { makeRng } from '../random/rng.js';
import { shuffled } from '../random/shuffle.js';
import { ImageReader } from './images.js';
import type { CrossViewDataset, CrossViewPair } from './types.js';

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
  const cell = { widthPx: PANORAMA_PX + TILE_PX + 2 * GAP_PX, heightPx: TILE_PX + GAP_PX };
  const widthPx = COLUMNS * cell.widthPx - GAP_PX;
  const heightPx = Math.max(1, Math.ceil(pairs.length / COLUMNS)) * cell.heightPx - GAP_PX;
  const sheet = { widthPx, heightPx, data: new Uint8Array(widthPx * heightPx * 3).fill(255) };
  const reader = new ImageReader();
  try {
    for (const [k, pair] of pairs.entries()) {
      const left = (k % COLUMNS) * cell.widthPx;
      const top = Math.floor(k / COLUMNS) * cell.heightPx;
      const { panorama, tile } = await imagesOfPair(reader, pair);
      paste(sheet, panorama, left, top + Math.floor((TILE_PX - panorama.heightPx) / 2));
      paste(sheet, tile, left + PANORAMA_PX + GAP_PX, top);
    }
  } finally {
    await reader.close();
  }
  await writeFileAtomic(path, await encodePng(sheet));
}

async function imagesOfPair(
  reader: ImageReader,
  pair: CrossViewPair,
): Promise<{ panorama: RgbImage; tile: RgbImage }> {
  const [positive] = pair.tiles;
  if (!positive) throw new RangeError(`The pair ${pair.id} has no tile.`);
  try {
    const panorama = await reader.file(pair.path);
    const heightPx = Math.round((PANORAMA_PX * panorama.heightPx) / panorama.widthPx);
    return {
      panorama: await resizeImage(panorama, PANORAMA_PX, Math.min(TILE_PX, Math.max(1, heightPx))),
      tile: await resizeImage(await reader.tile(positive.tile.image, TILE_PX), TILE_PX, TILE_PX),
    };
  } catch (error) {
    const detail = `${pair.listedAt}: an image of "${pair.id}" cannot be read (${messageOf(error)}). All are checked with --check-images.`;
    throw new SkyfixError('DATASET_INVALID', detail, { cause: error });
  }
}

function paste(sheet: RgbImage, image: RgbImage, left: number, top: number): void {
  const bytes = image.widthPx * 3;
  for (let row = 0; row < image.heightPx; row++) {
    sheet.data.set(
      image.data.subarray(row * bytes, (row + 1) * bytes),
      ((top + row) * sheet.widthPx + left) * 3,
    );
  }
}
