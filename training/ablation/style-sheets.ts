// What a test world looks like: its contact sheet, small enough for git.
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from 'skyfix/files';
import { sharp } from 'skyfix/imaging';

const SHEET_WIDTH_PX = 1200;
/** A sheet in git is at most so large. */
const SHEET_BYTES = 150_000;
const QUALITIES = [82, 74, 66, 58, 50, 42, 34, 26] as const;

/** A sheet as JPEG of at most SHEET_BYTES: as good as fits. */
export async function smallSheet(from: string, to: string): Promise<void> {
  const png = await readFile(from);
  let bytes: Buffer | undefined;
  for (const quality of QUALITIES) {
    const options = { quality, mozjpeg: true };
    bytes = await sharp(png)
      .resize({ width: SHEET_WIDTH_PX, withoutEnlargement: true })
      .jpeg(options)
      .toBuffer();
    if (bytes.length <= SHEET_BYTES) break;
  }
  if (bytes) await writeFileAtomic(to, bytes);
}
