// PNG (third edition, with APNG's acTL and eXIf): its chunks. XMP is the text "XML:com.adobe.xmp"; ImageMagick and older
// exiftools write "Raw profile type exif", "xmp" or "APP1" instead, in hexadecimal.
import { crc32, inflateSync } from 'node:zlib';
import { ByteReader } from './byte-reader.js';
import { orientationBlock } from './exif.js';
import { damaged, type Edit, edited, type FileFacts, MAX_EXIF_BYTES } from './file-facts.js';
import { MAX_XMP_BYTES } from './xmp.js';

const MAX_CHUNKS = 30_000;
/** A hexadecimal profile, with its line ends. */
const MAX_PROFILE_TEXT_BYTES = 3 * MAX_XMP_BYTES;
const XMP_KEYWORD = 'XML:com.adobe.xmp';
/** Chunks that the decoder does not need for the picture. */
const METADATA = ['eXIf', 'iTXt', 'zTXt', 'tEXt'];
/** Signature and header chunk. */
const HEADER_END = 33;
const RAW_PROFILE = /^Raw profile type (exif|xmp|APP1)$/;
/** Channels by colour type: grey, -, RGB, palette, grey and alpha, -, RGB and alpha. */
const CHANNELS = [1, 0, 3, 1, 2, 0, 4];

/** Throws IMAGE_UNDECODABLE for more chunks than a picture needs, and without a header. */
export function pngFacts(bytes: Uint8Array): FileFacts {
  const reader = new ByteReader(bytes);
  if (reader.text(12, 4) !== 'IHDR') throw damaged('png', 'does not begin with its header');
  const [widthPx, heightPx, bits, colourType] = [
    reader.u32(16),
    reader.u32(20),
    reader.u8(24),
    reader.u8(25),
  ];
  const packets: Uint8Array[] = [];
  const edits: Edit[] = [];
  let exif: Uint8Array | undefined;
  let pictures = 1;
  let pixelsSeen = false;
  let at = 8;
  for (let count = 0; reader.holds(at, 12); count++) {
    if (count > MAX_CHUNKS) throw damaged('png', `has over ${MAX_CHUNKS} chunks`);
    const length = reader.u32(at);
    const type = reader.text(at + 4, 4);
    if (METADATA.includes(type)) edits.push({ from: at, to: at + 12 + length });
    if (type === 'IDAT') pixelsSeen = true;
    // An APNG announces its frames before the first IDAT; the decoder would show the first one only.
    else if (type === 'acTL' && !pixelsSeen) pictures = Math.max(1, reader.u32(at + 8) || 1);
    else if (type === 'eXIf') exif ??= reader.slice(at + 8, length);
    else if (METADATA.includes(type)) {
      const found = readText(type as TextChunk, reader.slice(at + 8, length));
      if (found?.kind === 'xmp') packets.push(found.bytes);
      else if (found) exif ??= found.bytes;
    }
    at += 12 + length;
  }
  const bytesOfPixel = ((CHANNELS[colourType] ?? 4) * bits) / 8;
  return {
    format: 'png',
    widthPx,
    heightPx,
    pictures,
    samples: { bits, kind: 'unsigned' },
    // An interlaced picture is whole only after its last pass.
    decoderBytes: reader.u8(28) === 1 ? Math.ceil(widthPx * heightPx * bytesOfPixel) : 0,
    picture: edited(bytes, [...orientationEdit(exif), ...edits]),
    packets,
    extended: [],
    ...(exif && exif.length > 0 && { exif: exif.subarray(0, MAX_EXIF_BYTES) }),
  };
}

/** A chunk of its own for the orientation, behind the header. */
function orientationEdit(exif: Uint8Array | undefined): readonly Edit[] {
  const block = orientationBlock(exif);
  if (!block) return [];
  const chunk = Buffer.alloc(12 + block.length);
  chunk.writeUInt32BE(block.length);
  chunk.write('eXIf', 4, 'latin1');
  chunk.set(block, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + block.length)), 8 + block.length);
  return [{ from: HEADER_END, to: HEADER_END, by: chunk }];
}

type TextChunk = 'iTXt' | 'zTXt' | 'tEXt';

interface FoundText {
  readonly kind: 'xmp' | 'exif';
  readonly bytes: Uint8Array;
}

/** The XMP or EXIF that a text chunk holds, or undefined. */
function readText(type: TextChunk, body: Uint8Array): FoundText | undefined {
  const keywordEnd = body.subarray(0, 80).indexOf(0);
  if (keywordEnd < 0) return undefined;
  const keyword = Buffer.from(body.subarray(0, keywordEnd)).toString('latin1');
  const isXmp = keyword === XMP_KEYWORD;
  if (!isXmp && !RAW_PROFILE.test(keyword)) return undefined;
  const text = textOf(type, body, keywordEnd, isXmp ? MAX_XMP_BYTES : MAX_PROFILE_TEXT_BYTES);
  if (isXmp) return text && { kind: 'xmp', bytes: text };
  const profile = text && text.length <= MAX_PROFILE_TEXT_BYTES ? unhexed(text) : undefined;
  if (!profile) return undefined;
  const head = Buffer.from(profile.subarray(0, 29)).toString('latin1');
  if (head.startsWith('http://ns.adobe.com/xap/1.0/\0')) return { kind: 'xmp', bytes: profile.subarray(29) };
  return { kind: keyword.endsWith('xmp') ? 'xmp' : 'exif', bytes: profile };
}

/** A text chunk's text: tEXt as it is, zTXt deflated, iTXt either, behind a language and a translated keyword. */
function textOf(type: TextChunk, body: Uint8Array, keywordEnd: number, most: number): Uint8Array | undefined {
  if (type === 'tEXt') return body.subarray(keywordEnd + 1);
  if (type === 'zTXt') return inflated(body.subarray(keywordEnd + 2), most);
  const languageEnd = body.indexOf(0, keywordEnd + 3);
  const translatedEnd = languageEnd < 0 ? -1 : body.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return undefined;
  const text = body.subarray(translatedEnd + 1);
  return body[keywordEnd + 1] === 1 ? inflated(text, most) : text;
}

/** At most `most` bytes out of at most as many; undefined where it is damaged or longer. */
function inflated(bytes: Uint8Array, most: number): Uint8Array | undefined {
  if (bytes.length > most) return undefined;
  try {
    return inflateSync(bytes, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}

/** "\nNAME\n    LENGTH\nHEX..." */
function unhexed(text: Uint8Array): Uint8Array | undefined {
  const profile = Buffer.from(text).toString('latin1');
  const head = /^\s*\w+\s+\d+\s/.exec(profile.slice(0, 100))?.[0];
  const digits = head && profile.slice(head.length).replace(/\s+/g, '');
  return digits && !/[^0-9a-f]/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
