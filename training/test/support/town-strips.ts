// A town's panoramas cut to strips whose files say nothing, as own data: what a fit has to find out is known.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng, sharp } from 'skyfix/imaging';
import { ImageReader, openDataset, positiveOf } from '../../datasets/index.js';

export interface StripOptions {
  readonly verticalDeg: number;
  readonly horizonShare: number;
  /** Added to the headings that the list says. */
  readonly headingErrorDeg: number;
  /** Ground of the tile files, metres. */
  readonly tileFileM: number;
}

const TILE_PX = 320;

/** Writes pairs.csv with strips and tile files of a town's places. */
export async function writeTownStrips(town: string, out: string, options: StripOptions): Promise<void> {
  const { verticalDeg, horizonShare, headingErrorDeg, tileFileM } = options;
  await mkdir(join(out, 'strips'), { recursive: true });
  await mkdir(join(out, 'tiles'));
  const { pairs } = await openDataset({ format: 'town', root: town });
  const rows = ['id,ground,satellite,heading'];
  const reader = new ImageReader();
  for (const pair of pairs) {
    const { id, path, headingDeg = 0 } = pair;
    const { width, height } = await sharp(path).metadata();
    const rowsPx = Math.round((height * verticalDeg) / 180);
    const area = { left: 0, top: Math.round(height / 2 - horizonShare * rowsPx), width, height: rowsPx };
    await sharp(path)
      .extract(area)
      .jpeg({ quality: 92 })
      .toFile(join(out, `strips/${id}.jpg`));
    const { image } = positiveOf(pair).tile;
    const tile = await reader.tile(image.kind === 'mosaic' ? { ...image, sizeM: tileFileM } : image, TILE_PX);
    await writeFile(join(out, `tiles/${id}.png`), await encodePng(tile));
    rows.push(`${id},strips/${id}.jpg,tiles/${id}.png,${headingDeg + headingErrorDeg}`);
  }
  await reader.close();
  await writeFile(join(out, 'pairs.csv'), rows.join('\n'));
}
