// Which format a file is in, by its first bytes and before any decoder sees it. What is none of the five is named where
// it can be, so that whoever sent it knows what to convert.
import { SkyfixError } from '../errors/index.js';
import { avifFacts, heifItemTypes } from './avif-facts.js';
import type { FileFacts, ImageFormat } from './file-facts.js';
import { jpegFacts } from './jpeg-facts.js';
import { pngFacts } from './png-facts.js';
import { tiffFacts } from './tiff-facts.js';
import { webpFacts } from './webp-facts.js';

const FACTS: Readonly<Record<ImageFormat, (bytes: Uint8Array) => FileFacts>> = {
  jpeg: jpegFacts,
  png: pngFacts,
  webp: webpFacts,
  avif: avifFacts,
  tiff: tiffFacts,
};

/**
 * What the file says of itself. Throws IMAGE_EMPTY, and IMAGE_UNDECODABLE for any format but JPEG, PNG, WebP, AVIF and
 * TIFF, and for a structure that no picture has.
 */
export function inspectFile(bytes: Uint8Array): FileFacts {
  if (bytes.length === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
  const format = sniffFormat(bytes);
  if (format) return FACTS[format](bytes);
  const name = nameOf(bytes);
  throw new SkyfixError(
    'IMAGE_UNDECODABLE',
    name ? `The file is ${name}.` : 'The file is in no known format.',
  );
}

/** Byte order, and 42 for TIFF or 43 for BigTIFF. */
const TIFF_STARTS = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/** The format, or undefined where it is none of the five. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp';
  if (TIFF_STARTS.some((start) => head.startsWith(start))) return 'tiff';
  const isAvif = head.slice(4, 8) === 'ftyp' && heifItemTypes(bytes).includes('av01');
  return isAvif ? 'avif' : undefined;
}

/** By what their bytes begin with. */
const NAMES: readonly (readonly [start: string, name: string])[] = [
  ['GIF8', 'a GIF'],
  ['BM', 'a BMP'],
  ['%PDF', 'a PDF document'],
  ['\x1f\x8b', 'gzip-compressed'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['8BPS', 'a Photoshop document'],
  ['v/1\x01', 'an OpenEXR image'],
  ['#?RADIANCE', 'a Radiance HDR image'],
  ['\xff\x0a', 'a JPEG XL image'],
  ['\0\0\0\x0cJXL ', 'a JPEG XL image'],
  ['\0\0\0\x0cjP', 'a JPEG 2000 image'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 image'],
  ['SIMPLE  =', 'a FITS image'],
];

/** By what stands at their fifth byte, or after white space. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^.{4}ftyp(hei|hev|mif1|msf1)/s, 'a HEIF image without AV1 coding (HEIC)'],
  [/^.{4}ftyp/s, 'a video (MP4 or QuickTime)'],
  [/^P[1-7]\s/, 'a portable pixmap'],
  [/^(\u00ef\u00bb\u00bf)?\s*(<!DOCTYPE html|<html)/i, 'an HTML page'],
  [/^(\u00ef\u00bb\u00bf)?\s*</i, 'an XML document (SVG)'],
  [/^(\u00ef\u00bb\u00bf)?\s*[{[]/, 'a JSON document'],
];

function nameOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const byStart = NAMES.find(([start]) => head.startsWith(start));
  return byStart?.[1] ?? PATTERNS.find(([pattern]) => pattern.test(head))?.[1];
}
