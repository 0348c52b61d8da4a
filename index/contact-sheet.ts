// A sheet of sample tiles, so that a person sees at a glance what an index was built of: wrong colours, seams, black ground.
import { writeFileAtomic } from '../src/files/index.js';
import { encodePng } from '../src/imaging/index.js';
import type { TileSource } from './tile-source.js';

const COLUMNS = 6;
const ROWS = 4;
const TILE_PX = 160;
const GAP_PX = 4;

/** Writes a PNG of up to 24 of the tiles `numbers`, evenly chosen, north up, row by row. */
export async function writeContactSheet(
  path: string,
  source: TileSource,
  numbers: readonly number[],
): Promise<void> {
  const count = Math.min(COLUMNS * ROWS, numbers.length);
  const columns = Math.min(COLUMNS, count);
  const rows = Math.ceil(count / columns);
  const [widthPx, heightPx] = [columns, rows].map((n) => n * TILE_PX + (n + 1) * GAP_PX) as [number, number];
  const data = new Uint8Array(widthPx * heightPx * 3).fill(255);
  for (let k = 0; k < count; k++) {
    const number = numbers[Math.floor((k * numbers.length) / count)];
    if (number === undefined) continue;
    const { image } = await source.image(number, TILE_PX);
    if (!image) continue;
    const left = GAP_PX + (k % columns) * (TILE_PX + GAP_PX);
    const top = GAP_PX + Math.floor(k / columns) * (TILE_PX + GAP_PX);
    for (let y = 0; y < TILE_PX; y++) {
      const row = image.data.subarray(y * TILE_PX * 3, (y + 1) * TILE_PX * 3);
      data.set(row, ((top + y) * widthPx + left) * 3);
    }
  }
  await writeFileAtomic(path, await encodePng({ widthPx, heightPx, data }));
}
