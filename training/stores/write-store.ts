// A store file out of images that are made one batch after the other, so that none but the batch is in memory.
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryNameFor } from 'skyfix/files';
import { bytesPerImage, fileStore, type ImageStore } from './image-store.js';
import { StoreFileWriter } from './store-file.js';

/**
 * Writes the images of all batches, each [n, sizePx, sizePx, 3] bytes, in their order, with the folder above: complete
 * under its name, or not there. Tells how many are done after each batch. Throws RangeError where they are not
 * `count` images, DISK_FULL, and what the making of a batch throws.
 */
export async function writeStore(
  path: string,
  { sizePx, count }: Pick<ImageStore, 'sizePx' | 'count'>,
  batches: AsyncIterable<Uint8Array>,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageStore> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryNameFor(path);
  const bytes = bytesPerImage({ sizePx });
  const writer = new StoreFileWriter(temporary, sizePx, count);
  try {
    let row = 0;
    for await (const batch of batches) {
      for (let at = 0; at < batch.length; at += bytes) writer.write(row++, batch.subarray(at, at + bytes));
      onProgress?.(row, count);
    }
    if (row !== count) throw new RangeError(`${path} has ${row} images instead of ${count}.`);
    writer.sync();
    writer.close();
    await rename(temporary, path);
  } catch (error) {
    writer.close();
    await rm(temporary, { force: true });
    throw error;
  }
  return fileStore(path);
}
