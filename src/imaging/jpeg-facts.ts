// JPEG (ITU-T T.81): the segments before the picture. EXIF and XMP are APP1 segments; XMP over 64 kB continues in others.
import { ByteReader } from './byte-reader.js';
import { EXIF_PREFIX, orientationBlock } from './exif.js';
import { damaged, type Edit, edited, type FileFacts } from './file-facts.js';
import type { ExtendedXmp } from './gpano.js';

const MAX_SEGMENTS = 10_000;
/** Of a progressive picture, each of which takes a pass over all of it; encoders make 6 to 20. */
const MAX_SCANS = 64;
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const EXTENDED_XMP = 'http://ns.adobe.com/xmp/extension/\0';
const ICC = 'ICC_PROFILE\0';
const [APP0, APP1, APP14, APP15, COMMENT, SOS, EOI, TEM] = [
  0xe0, 0xe1, 0xee, 0xef, 0xfe, 0xda, 0xd9, 0x01,
] as const;

/** Throws IMAGE_UNDECODABLE for more segments than a picture needs, and for kinds of JPEG that are not pictures for people. */
export function jpegFacts(bytes: Uint8Array): FileFacts {
  const reader = new ByteReader(bytes);
  const packets: Uint8Array[] = [];
  const extended: ExtendedXmp[] = [];
  const edits: Edit[] = [];
  let exif: Uint8Array | undefined;
  let frame: Frame | undefined;
  let at = 2;
  for (let count = 0; reader.u8(at) === 0xff; count++) {
    if (count > MAX_SEGMENTS) throw damaged('jpeg', `has over ${MAX_SEGMENTS} segments before its picture`);
    while (reader.u8(at + 1) === 0xff) at++;
    const marker = reader.u8(at + 1);
    if (marker === SOS || marker === EOI) break;
    if (marker === TEM || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const length = reader.u16(at + 2);
    if (!(length >= 2)) break;
    const body = reader.slice(at + 4, length - 2);
    if (isFrame(marker)) frame ??= readFrame(marker, new ByteReader(body));
    const head = Buffer.from(body.subarray(0, 40)).toString('latin1');
    if (isMetadata(marker, head)) edits.push({ from: at, to: at + 2 + length });
    if (marker === APP1) {
      if (head.startsWith(EXIF_PREFIX)) exif ??= body;
      else if (head.startsWith(XMP)) packets.push(body.subarray(XMP.length));
      else if (head.startsWith(EXTENDED_XMP)) extended.push(extendedPiece(new ByteReader(body)));
    }
    at += 2 + length;
  }
  if (!frame) throw damaged('jpeg', 'has no frame header before its picture');
  if (frame.progressive && hasMoreScans(bytes, at, MAX_SCANS)) {
    throw damaged('jpeg', `has over ${MAX_SCANS} scans`);
  }
  const { widthPx, heightPx, bits, decoderBytes } = frame;
  return {
    format: 'jpeg',
    widthPx,
    heightPx,
    pictures: 1,
    samples: { bits, kind: 'unsigned' },
    decoderBytes,
    picture: edited(bytes, [...orientationEdit(exif), ...edits]),
    packets,
    extended,
    ...(exif && { exif }),
  };
}

/** Within a scan 0xff stands before 0 or a restart marker only. */
function hasMoreScans(bytes: Uint8Array, from: number, most: number): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = Buffer.from([0xff, SOS]);
  let count = 0;
  for (let at = file.indexOf(start, from); at >= 0 && count <= most; at = file.indexOf(start, at + 2))
    count++;
  return count > most;
}

/** Segments that the decoder does not need for the picture: all but JFIF's, Adobe's and the colour profile. */
function isMetadata(marker: number, head: string): boolean {
  if (marker === COMMENT) return true;
  return marker > APP0 && marker <= APP15 && marker !== APP14 && !head.startsWith(ICC);
}

/** A segment of its own for the orientation, behind SOI. */
function orientationEdit(exif: Uint8Array | undefined): readonly Edit[] {
  const block = orientationBlock(exif);
  if (!block) return [];
  const head = Buffer.from([0xff, APP1, 0, 2 + EXIF_PREFIX.length + block.length]);
  return [{ from: 2, to: 2, by: Buffer.concat([head, Buffer.from(EXIF_PREFIX), block]) }];
}

/** GUID (32 characters), full length, offset, and this piece. */
function extendedPiece(body: ByteReader): ExtendedXmp {
  const at = EXTENDED_XMP.length;
  return {
    guid: body.text(at, 32),
    totalBytes: body.u32(at + 32),
    offset: body.u32(at + 36),
    bytes: body.bytes.subarray(at + 40),
  };
}

/** SOF0 to SOF15 without DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bits: number;
  readonly progressive: boolean;
  readonly decoderBytes: number;
}

/** A progressive picture is kept as 16-bit coefficients of all its components until the last scan. */
function readFrame(marker: number, body: ByteReader): Frame {
  const [bits, heightPx, widthPx, components] = [body.u8(0), body.u16(1), body.u16(3), body.u8(5)];
  const sampling = Array.from({ length: Math.min(components, 4) }, (_, k) => body.u8(7 + 3 * k));
  const across = Math.max(...sampling.map((factors) => factors >> 4), 1);
  const down = Math.max(...sampling.map((factors) => factors & 15), 1);
  const share = sampling.reduce(
    (sum, factors) => sum + ((factors >> 4) * (factors & 15)) / (across * down),
    0,
  );
  const progressive = (marker & 3) === 2;
  return {
    widthPx: widthPx || 0,
    heightPx: heightPx || 0,
    bits,
    progressive,
    decoderBytes: progressive ? Math.ceil(widthPx * heightPx * 2 * share) : 0,
  };
}
