// Which files "FILE|FOLDER..." names.
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SkyfixError } from '../../src/errors/index.js';

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
 * Files as given, folders as the images directly inside, sorted. Throws PARAMETER_INVALID for a path that does not
 * exist and a folder without images.
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
    const names = (await readdir(path)).filter((name) => extname(name).toLowerCase() in MEDIA_TYPES).sort();
    if (names.length === 0) throw new SkyfixError('PARAMETER_INVALID', `${path} holds no images.`);
    files.push(...names.map((name) => join(path, name)));
  }
  return files;
}
