// Esri's LERC in TIFF, as GDAL's libtiff writes it: all samples of a pixel in one blob, or a blob a sample where their masks
// differ; a plain alpha band is the blob's mask.
import Lerc from 'lerc';
import type { Layout } from './layout.js';
import type { DecodedBlock } from './unpack.js';

const LEAST_BYTES = 60;
const ALPHA = 2;

/** The samples of a blob, in the file's byte order as every other codec's. Throws a plain Error where it is damaged. */
export function lercSamples(blob: Uint8Array<ArrayBuffer>, layout: Layout, rows: number): DecodedBlock {
  const bands = checkBlobs(blob, layout.blockWidthPx, layout.blockHeightPx);
  const decoded = Lerc.decode(blob.slice().buffer, { returnPixelInterleavedDims: true });
  const { width, height, mask } = decoded;
  if (decoded.pixels.length !== bands || height < rows) throw new Error(`its LERC block has ${height} rows`);
  const samples = layout.planar ? 1 : layout.samples;
  const size = layout.bits / 8;
  const parts = decoded.pixels.map(
    (part) => new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength),
  );
  const found = parts.reduce((sum, part) => sum + part.length, 0) / (width * height * size);
  const alphaIsMask = found === samples - 1 && layout.extraSamples.at(-1) === ALPHA;
  if (found !== samples && !alphaIsMask)
    throw new Error(`its LERC block holds ${found} samples a pixel, not ${samples}`);
  if (alphaIsMask) {
    const alpha = Uint8Array.from({ length: width * height }, (_, p) => (mask && mask[p] === 0 ? 0 : 255));
    return { bytes: interleaved([...parts, alpha], width * height), native: false };
  }
  const [only] = parts;
  const bytes = parts.length === 1 && only ? only : interleaved(parts, width * height);
  return { bytes, native: false, valid: parts.length === 1 ? (mask ?? undefined) : undefined };
}

/** Samples of several parts, pixel by pixel. */
function interleaved(parts: readonly Uint8Array[], count: number): Uint8Array<ArrayBuffer> {
  const sizes = parts.map((part) => part.length / count);
  const stride = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(count * stride);
  let first = 0;
  for (const [k, part] of parts.entries()) {
    const size = sizes[k] ?? 0;
    for (let p = 0; p < count; p++) bytes.set(part.subarray(p * size, (p + 1) * size), p * stride + first);
    first += size;
  }
  return bytes;
}

/**
 * Follows the headers of the blobs, since the decoder believes them: sizes are compared with the block's before it makes room,
 * lengths before it loops. Returns how many there are.
 */
function checkBlobs(bytes: Uint8Array, widthPx: number, heightPx: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  // What is shorter than a header at the end is what the decoder leaves, too.
  for (let at = 0; at < bytes.length - 10; count++) {
    const left = bytes.length - at;
    const magic = left < LEAST_BYTES ? '' : new TextDecoder().decode(bytes.subarray(at, at + 6));
    if (magic !== 'Lerc2 ') throw new Error('its block is no LERC 2 blob');
    const version = view.getInt32(at + 6, true);
    const size = at + (version >= 3 ? 14 : 10);
    const [height, width] = [view.getInt32(size, true), view.getInt32(size + 4, true)];
    const blobBytes = view.getInt32(size + (version >= 4 ? 20 : 16), true);
    if (width !== widthPx || height < 1 || height > heightPx) {
      throw new Error(`its LERC block is ${width} x ${height} pixels`);
    }
    if (blobBytes < LEAST_BYTES || blobBytes > left)
      throw new Error(`its LERC block claims ${blobBytes} bytes`);
    at += blobBytes;
  }
  return count;
}
