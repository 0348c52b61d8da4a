// AVIF and HEIF (ISO/IEC 23008-12): boxes, of which the "meta" box lists items (pictures, EXIF, XMP) and where they lie.
import { ByteReader } from './byte-reader.js';
import { damaged, type Edit, edited, type FileFacts, MAX_EXIF_BYTES } from './file-facts.js';
import { MAX_XMP_BYTES } from './xmp.js';

const MAX_BOXES = 10_000;
const MAX_ITEMS = 1_000;
/** Measured: libheif 1.23 took 2,370 MB for 16384 x 8192 pixels. */
const AVIF_BYTES_PER_PIXEL = 18;

const UNKNOWN_TYPE = Buffer.from('skip');

interface Box {
  readonly type: string;
  /** Of its content. */
  readonly at: number;
  readonly end: number;
}

/** The boxes between two offsets, one after another; one that claims to go on past its parent ends the list. */
function* boxesIn(reader: ByteReader, from: number, end: number): Generator<Box> {
  let at = from;
  for (let count = 0; at + 8 <= end; count++) {
    if (count > MAX_BOXES) throw damaged('avif', `has over ${MAX_BOXES} boxes side by side`);
    const short = reader.u32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? reader.u64(at + 8) : short === 0 ? end - at : short;
    if (!(size >= head && at + size <= end)) return;
    yield { type: reader.text(at + 4, 4), at: at + head, end: at + size };
    at += size;
  }
}

/** Codings of the file's picture items: "av01", "hvc1", "grid", ... */
export function heifItemTypes(bytes: Uint8Array): readonly string[] {
  const reader = new ByteReader(bytes);
  return [...itemsOf(reader, metaOf(reader)).values()].map(({ type }) => type);
}

/** Throws IMAGE_UNDECODABLE for more boxes than a picture needs. */
export function avifFacts(bytes: Uint8Array): FileFacts {
  const reader = new ByteReader(bytes);
  const meta = metaOf(reader);
  const packets: Uint8Array[] = [];
  let exif: Uint8Array | undefined;
  const where = locationsOf(reader, meta);
  const edits: Edit[] = [];
  for (const [id, { type, typeAt }] of itemsOf(reader, meta)) {
    // An item of an unknown type is passed over by the decoder.
    if (type === 'Exif' || type.startsWith('mime'))
      edits.push({ from: typeAt, to: typeAt + 4, by: UNKNOWN_TYPE });
    if (type !== 'Exif' && type !== 'mime application/rdf+xml') continue;
    const content = contentOf(
      reader,
      where.get(id) ?? [],
      type === 'Exif' ? MAX_EXIF_BYTES : MAX_XMP_BYTES + 1,
    );
    // Four bytes before an EXIF block say how many more stand before its TIFF header.
    if (type !== 'Exif') packets.push(content);
    else exif ??= content.subarray(4 + (new ByteReader(content).u32(0) || 0));
  }
  const { widthPx, heightPx } = largestExtent(reader, meta);
  return {
    format: 'avif',
    widthPx,
    heightPx,
    pictures: 1,
    samples: { bits: 8, kind: 'unsigned' },
    decoderBytes: widthPx * heightPx * AVIF_BYTES_PER_PIXEL,
    // AVIF turns pictures by properties of its own; EXIF's orientation does not count.
    picture: edited(bytes, edits),
    packets,
    extended: [],
    ...(exif && exif.length > 0 && { exif }),
  };
}

function metaOf(reader: ByteReader): Box | undefined {
  for (const box of boxesIn(reader, 0, reader.length)) {
    if (box.type === 'meta') return { ...box, at: box.at + 4 };
  }
  return undefined;
}

function childOf(reader: ByteReader, parent: Box | undefined, type: string): Box | undefined {
  if (!parent) return undefined;
  for (const box of boxesIn(reader, parent.at, parent.end)) if (box.type === type) return box;
  return undefined;
}

interface Item {
  readonly type: string;
  readonly typeAt: number;
}

/** Item id to its type; of "mime" with the media type behind it. */
function itemsOf(reader: ByteReader, meta: Box | undefined): ReadonlyMap<number, Item> {
  const items = new Map<number, Item>();
  const list = childOf(reader, meta, 'iinf');
  if (!list) return items;
  const first = list.at + (reader.u8(list.at) === 0 ? 6 : 8);
  for (const box of boxesIn(reader, first, list.end)) {
    if (box.type !== 'infe' || items.size >= MAX_ITEMS) continue;
    const version = reader.u8(box.at);
    if (version < 2) continue;
    const wide = version === 2 ? 0 : 2;
    const id = wide ? reader.u32(box.at + 4) : reader.u16(box.at + 4);
    const typeAt = box.at + 8 + wide;
    const type = reader.text(typeAt, 4);
    const rest = reader.text(box.at + 12 + wide, Math.min(200, Math.max(0, box.end - box.at - 12 - wide)));
    items.set(id, { type: type === 'mime' ? `mime ${rest.split('\0')[1] ?? ''}` : type, typeAt });
  }
  return items;
}

/** Pieces of a file: [offset, length]. */
type Extents = readonly (readonly [number, number])[];

/** iloc: item id to its pieces, as offsets into the file (those in the "idat" box included). */
function locationsOf(reader: ByteReader, meta: Box | undefined): ReadonlyMap<number, Extents> {
  const found = new Map<number, Extents>();
  const list = childOf(reader, meta, 'iloc');
  if (!list) return found;
  const idat = childOf(reader, meta, 'idat')?.at ?? Number.NaN;
  const version = reader.u8(list.at);
  const sizes = reader.u16(list.at + 4);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  let at = list.at + 6;
  const take = (size: number) => {
    const value = size === 2 ? reader.u16(at) : size === 4 ? reader.u32(at) : size === 8 ? reader.u64(at) : 0;
    at += size;
    return value;
  };
  const count = take(version < 2 ? 2 : 4);
  for (let k = 0; k < Math.min(count, MAX_ITEMS) && at < list.end; k++) {
    const id = take(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : take(2) & 15;
    at += 2;
    const base = take(baseSize) + (method === 1 ? idat : 0);
    const extents: [number, number][] = [];
    const pieces = take(2);
    for (let piece = 0; piece < Math.min(pieces, MAX_ITEMS) && at < list.end; piece++) {
      at += indexSize;
      const offset = take(offsetSize);
      extents.push([base + offset, take(lengthSize)]);
    }
    if (method <= 1) found.set(id, extents);
  }
  return found;
}

function contentOf(reader: ByteReader, extents: Extents, most: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let left = most;
  for (const [offset, length] of extents) {
    const piece = reader.slice(offset, length).subarray(0, left);
    left -= piece.length;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The largest picture that the properties describe: the tiles of a grid are smaller than the whole. */
function largestExtent(reader: ByteReader, meta: Box | undefined): { widthPx: number; heightPx: number } {
  let largest = { widthPx: 0, heightPx: 0 };
  const properties = childOf(reader, childOf(reader, meta, 'iprp'), 'ipco');
  if (!properties) return largest;
  for (const box of boxesIn(reader, properties.at, properties.end)) {
    if (box.type !== 'ispe') continue;
    const [widthPx, heightPx] = [reader.u32(box.at + 4), reader.u32(box.at + 8)];
    if (widthPx * heightPx > largest.widthPx * largest.heightPx) largest = { widthPx, heightPx };
  }
  return largest;
}
