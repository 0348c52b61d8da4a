// One compressed block to its bytes. Whatever the block holds, the result has at most the bytes it may have, so that a damaged
// block costs an error and neither minutes nor memory.
import { inflateSync } from 'node:zlib';
import { ZSTDDecoder } from 'zstddec';
import { decodeRgba } from '../../../src/imaging/index.js';
import { jpegSamples } from './jpeg-block.js';
import { type Layout, TAG } from './layout.js';
import { lercSamples } from './lerc-block.js';
import { unlzw, unpackBits } from './lzw.js';
import type { DecodedBlock } from './unpack.js';

/**
 * Decodes a block of blockWidthPx x rows pixels. `mostBytes` is what a whole block holds, `leastBytes` what these rows need.
 * Throws a plain Error where the block is damaged or shorter than that.
 */
export async function decodeBlock(
  layout: Layout,
  raw: Uint8Array<ArrayBuffer>,
  rows: number,
  leastBytes: number,
  mostBytes: number,
): Promise<DecodedBlock> {
  const decoded = await decode(layout, raw, rows, mostBytes);
  if (decoded.bytes.length < leastBytes) {
    throw new Error(`its block holds ${decoded.bytes.length} bytes, not ${leastBytes}`);
  }
  return decoded;
}

async function decode(
  layout: Layout,
  raw: Uint8Array<ArrayBuffer>,
  rows: number,
  mostBytes: number,
): Promise<DecodedBlock> {
  switch (layout.codec) {
    case 'none':
      return { bytes: raw, native: false };
    case 'lzw':
      return { bytes: unlzw(raw, mostBytes), native: false };
    case 'packbits':
      return { bytes: unpackBits(raw, mostBytes), native: false };
    case 'deflate':
      return { bytes: inflate(raw, mostBytes), native: false };
    case 'zstd':
      return { bytes: await unzstd(raw, mostBytes), native: false };
    case 'jpeg':
      return { bytes: await jpegSamples(layout, raw, rows), native: true };
    case 'webp':
      return { bytes: await webpSamples(layout, raw, rows), native: true };
    case 'lerc':
      return lercSamples(await unpackedLerc(layout, raw, mostBytes), layout, rows);
  }
}

function inflate(raw: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = inflateSync(raw, { maxOutputLength: Math.max(1, mostBytes) });
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}

const zstd = new ZSTDDecoder();

/** With the size known beforehand: the package's other mode reads a block that is cut off for ever. */
async function unzstd(raw: Uint8Array, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  await zstd.init();
  const bytes = zstd.decode(raw, mostBytes);
  return bytes as Uint8Array<ArrayBuffer>;
}

async function webpSamples({ samples, blockWidthPx }: Layout, raw: Uint8Array, rows: number) {
  const { data, widthPx, heightPx } = await decodeRgba(raw);
  if (widthPx !== blockWidthPx || heightPx < rows)
    throw new Error(`its WebP block is ${widthPx} x ${heightPx} pixels`);
  if (samples === 4) return data as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(widthPx * heightPx * samples);
  for (let k = 0, from = 0; k < bytes.length; k += samples, from += 4) {
    for (let c = 0; c < samples; c++) bytes[k + c] = data[from + c] ?? 0;
  }
  return bytes;
}

const LERC_DEFLATE = 1;
const LERC_ZSTD = 2;

/** GDAL packs LERC blobs once more where its options say so. */
async function unpackedLerc(
  { directory }: Layout,
  raw: Uint8Array<ArrayBuffer>,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const [, packing = 0] = await directory.numbers(TAG.lercParameters);
  // What was packed is about as large as the samples; four times that, and some headers, is far from anything honest.
  const room = 4 * mostBytes + 65536;
  if (packing === LERC_DEFLATE) return inflate(raw, room);
  return packing === LERC_ZSTD ? unzstd(raw, room) : raw;
}
