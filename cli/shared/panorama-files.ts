// Which files "FILE|FOLDER..." names.
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { messageOf, SkyfixError } from '../../src/errors/index.js';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
};

/** By the name's ending; octet-stream where it says nothing. */
export function mediaTypeOf(path: string): string {
  return MEDIA_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * Files as given; folders as the images in them and in the folders below, sorted, hidden ones left out (macOS leaves
 * "._NAME.jpg" beside a file). Throws PARAMETER_INVALID for a path that does not exist and a folder without images.
 */
export async function panoramaFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new SkyfixError('PARAMETER_INVALID', `${path} does not exist.`);
    if (!found.isDirectory()) {
      files.push(path);
      continue;
    }
    const inside = await imagesBelow(path);
    if (inside.length === 0) throw new SkyfixError('PARAMETER_INVALID', `${path} holds no images.`);
    files.push(...inside);
  }
  return files;
}

/** A folder that cannot be read is said so, and left out. Links to folders are not followed: they may lead in circles. */
async function imagesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    console.error(`warning: ${dir} cannot be read (${messageOf(error)}).`);
    return [];
  });
  const images: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) images.push(...(await imagesBelow(path)));
    else if (extname(entry.name).toLowerCase() in MEDIA_TYPES) images.push(path);
  }
  return images;
}
