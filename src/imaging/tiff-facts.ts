// TIFF and BigTIFF files: the directory of the picture, and how many pictures there are.
import { damaged, type FileFacts, type SampleForm } from './file-facts.js';
import { bytesOf, numbersOf, openTiffBlock, readDirectory } from './tiff-directory.js';
import { MAX_XMP_BYTES } from './xmp.js';

const [WIDTH, HEIGHT, BITS, SAMPLES, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT, FORMAT, XMP] = [
  256, 257, 258, 277, 278, 322, 323, 339, 700,
] as const;
const MAX_PICTURES = 64;
const KINDS: Readonly<Record<number, SampleForm['kind']>> = {
  1: 'unsigned',
  2: 'signed',
  3: 'float',
  4: 'unsigned',
  5: 'complex',
  6: 'complex',
};

/** Throws IMAGE_UNDECODABLE where no picture is described. */
export function tiffFacts(bytes: Uint8Array): FileFacts {
  const block = openTiffBlock(bytes);
  if (!block) throw damaged('tiff', 'has no header');
  const wanted = [WIDTH, HEIGHT, BITS, SAMPLES, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT, FORMAT, XMP];
  const { entries, next } = readDirectory(block, block.first, wanted);
  const number = (tag: number) => numbersOf(block, entries.get(tag), 1)[0];
  const [widthPx, heightPx] = [number(WIDTH) ?? 0, number(HEIGHT) ?? 0];
  if (!(widthPx > 0 && heightPx > 0)) throw damaged('tiff', 'has no directory that describes a picture');
  const samples = sampleForm(numbersOf(block, entries.get(BITS), 8), number(FORMAT) ?? 1);
  const bytesOfPixel = (samples.bits / 8) * (number(SAMPLES) ?? 1);
  const xmp = entries.get(XMP);
  const rowsAtOnce = Math.min(heightPx, number(TILE_HEIGHT) ?? number(ROWS_PER_STRIP) ?? heightPx);
  return {
    format: 'tiff',
    widthPx,
    heightPx,
    pictures: countPictures(block, next),
    samples,
    decoderBytes: Math.ceil(widthPx * rowsAtOnce * bytesOfPixel * 2),
    packets: xmp ? [bytesOf(block, xmp, Math.max(MAX_XMP_BYTES + 1, 0))] : [],
    extended: [],
    picture: bytes,
    exif: bytes,
  };
}

/** Of the widest value where they differ, which the decoder then refuses. */
function sampleForm(bits: readonly number[], format: number): SampleForm {
  return { bits: bits.length === 0 ? 1 : Math.max(...bits), kind: KINDS[format] ?? 'complex' };
}

/** Directories in the chain; one that comes back to itself is counted to the end. */
function countPictures(block: Parameters<typeof readDirectory>[0], second: number): number {
  let [count, at] = [1, second];
  while (at > 0 && block.reader.holds(at, 2) && count < MAX_PICTURES) {
    count++;
    at = readDirectory(block, at, []).next;
  }
  return count;
}
