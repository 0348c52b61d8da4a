// What cannot be read is refused by the name of its trait, with the command that makes a file of it that can.
import { SkyfixError } from '../../../src/errors/index.js';

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./+@%:=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Beside the file, as what the command makes. */
function madeOf(path: string): string {
  return `${path.replace(/\.[^./]*$/, '')}-skyfix.tif`;
}

/** IMAGERY_INVALID about a file, without a remedy. */
export function unusable(path: string, what: string, cause?: unknown): SkyfixError {
  return new SkyfixError('IMAGERY_INVALID', `${path}: ${what}.`, { cause });
}

/** IMAGERY_INVALID for a trait that is not supported, with `gdal_translate OPTIONS FILE NEW`. */
export function refused(path: string, trait: string, options = ''): SkyfixError {
  const command = [
    'gdal_translate',
    '-co TILED=YES -co COMPRESS=DEFLATE',
    options,
    quoted(path),
    quoted(madeOf(path)),
  ];
  return new SkyfixError('IMAGERY_INVALID', `${path}: ${trait}. Rewrite it with "${spaced(command)}".`);
}

/** The same with `gdalwarp OPTIONS FILE NEW`. */
export function refusedToWarp(path: string, trait: string, options: string): SkyfixError {
  const command = [
    'gdalwarp',
    '-co TILED=YES -co COMPRESS=DEFLATE',
    options,
    quoted(path),
    quoted(madeOf(path)),
  ];
  return new SkyfixError('IMAGERY_INVALID', `${path}: ${trait}. Warp it with "${spaced(command)}".`);
}

const spaced = (words: readonly string[]) => words.filter((word) => word !== '').join(' ');
