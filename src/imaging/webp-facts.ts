// WebP (RFC 9649): its RIFF chunks.
import { ByteReader } from './byte-reader.js';
import { orientationBlock } from './exif.js';
import { damaged, type Edit, edited, type FileFacts, MAX_EXIF_BYTES } from './file-facts.js';

const MAX_CHUNKS = 10_000;

/** Throws IMAGE_UNDECODABLE for more chunks than a picture needs. */
export function webpFacts(bytes: Uint8Array): FileFacts {
  const reader = new ByteReader(bytes, true);
  const packets: Uint8Array[] = [];
  const edits: Edit[] = [];
  let exif: Uint8Array | undefined;
  let frames = 0;
  let lossless = false;
  let [widthPx, heightPx] = [0, 0];
  let at = 12;
  for (let count = 0; reader.holds(at, 8); count++) {
    if (count > MAX_CHUNKS) throw damaged('webp', `has over ${MAX_CHUNKS} chunks`);
    const type = reader.text(at, 4);
    const length = reader.u32(at + 4);
    const body = at + 8;
    if (type === 'VP8L') lossless = true;
    if (type === 'VP8X') [widthPx, heightPx] = [reader.u24(body + 4) + 1, reader.u24(body + 7) + 1];
    else if (type === 'VP8 ' && widthPx === 0) {
      [widthPx, heightPx] = [reader.u16(body + 6) & 0x3fff, reader.u16(body + 8) & 0x3fff];
    } else if (type === 'VP8L' && widthPx === 0) {
      const packed = reader.u32(body + 1);
      [widthPx, heightPx] = [(packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1];
    } else if (type === 'ANMF') frames++;
    else if (type === 'EXIF') exif ??= reader.slice(body, length);
    else if (type === 'XMP ') packets.push(reader.slice(body, length));
    const next = Math.min(body + length + (length % 2), bytes.length);
    if (type === 'EXIF' || type === 'XMP ') edits.push({ from: at, to: next });
    at = next;
  }
  return {
    format: 'webp',
    widthPx: widthPx || 0,
    heightPx: heightPx || 0,
    pictures: Math.max(1, frames),
    samples: { bits: 8, kind: 'unsigned' },
    // A lossless picture is kept as 32-bit pixels at full size; of a lossy one, alpha may be.
    decoderBytes: (widthPx * heightPx || 0) * (lossless ? 4 : 1),
    picture: edits.length === 0 ? bytes : pictureOf(bytes, edits, orientationBlock(exif)),
    packets,
    extended: [],
    ...(exif && exif.length > 0 && { exif: exif.subarray(0, MAX_EXIF_BYTES) }),
  };
}

/** The file without those chunks, its length and the flags of its extended header (EXIF 8, XMP 4) made right. */
function pictureOf(
  bytes: Uint8Array,
  edits: readonly Edit[],
  orientation: Uint8Array | undefined,
): Uint8Array {
  const parts = [edited(bytes, edits)];
  if (orientation) {
    const head = Buffer.from('EXIF\0\0\0\0');
    head.writeUInt32LE(orientation.length, 4);
    parts.push(head, orientation);
  }
  const picture = Buffer.concat(parts);
  picture.writeUInt32LE(picture.length - 8, 4);
  if (picture.toString('latin1', 12, 16) === 'VP8X') {
    picture[20] = ((picture[20] ?? 0) & ~12) | (orientation ? 8 : 0);
  }
  return picture;
}
