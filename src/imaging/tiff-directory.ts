// TIFF's directories (IFDs), in which TIFF files, EXIF blocks and GPS data are written alike (TIFF 6.0, section 2; the
// 64-bit form is BigTIFF). Only entries that are asked for are looked at, and no count of a file is believed.
import { ByteReader } from './byte-reader.js';

/** Entries of one directory that are looked at; cameras write some dozens. */
const MAX_ENTRIES = 2_000;

export interface TiffBlock {
  readonly reader: ByteReader;
  readonly big: boolean;
  /** Where the first directory begins. */
  readonly first: number;
}

export interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values begin, and how many bytes they claim. */
  readonly at: number;
  readonly bytes: number;
}

export interface Directory {
  readonly entries: ReadonlyMap<number, Entry>;
  /** Where the next one begins; 0 or nonsense where this is the last. */
  readonly next: number;
}

/** Bytes of a value by type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, ..., DOUBLE, IFD, LONG8, SLONG8, IFD8. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** The block's header, or undefined where it is none. */
export function openTiffBlock(bytes: Uint8Array): TiffBlock | undefined {
  const order = bytes[0] === bytes[1] ? bytes[0] : undefined;
  if (order !== 0x49 && order !== 0x4d) return undefined;
  const reader = new ByteReader(bytes, order === 0x49);
  const version = reader.u16(2);
  if (version === 42) return { reader, big: false, first: reader.u32(4) };
  if (version === 43 && reader.u16(4) === 8) return { reader, big: true, first: reader.u64(8) };
  return undefined;
}

/** The wanted entries of the directory at `at`, the first of each tag; without those whose values lie outside of the block. */
export function readDirectory({ reader, big }: TiffBlock, at: number, wanted: readonly number[]): Directory {
  const entries = new Map<number, Entry>();
  const [head, size] = big ? [8, 20] : [2, 12];
  const count = big ? reader.u64(at) : reader.u16(at);
  for (let k = 0; k < Math.min(count, MAX_ENTRIES); k++) {
    const from = at + head + k * size;
    const tag = reader.u16(from);
    if (!wanted.includes(tag) || entries.has(tag)) continue;
    const type = reader.u16(from + 2);
    const values = big ? reader.u64(from + 4) : reader.u32(from + 4);
    const bytes = values * (TYPE_BYTES[type] ?? 0);
    const inline = from + (big ? 12 : 8);
    const valueAt = bytes <= (big ? 8 : 4) ? inline : big ? reader.u64(inline) : reader.u32(inline);
    if (bytes > 0 && reader.holds(valueAt, bytes))
      entries.set(tag, { type, count: values, at: valueAt, bytes });
  }
  const nextAt = at + head + count * size;
  return { entries, next: big ? reader.u64(nextAt) : reader.u32(nextAt) };
}

/** At most `most` values as numbers; NaN for a division by zero; none where the type is not a number's. */
export function numbersOf({ reader }: TiffBlock, entry: Entry | undefined, most: number): readonly number[] {
  if (!entry) return [];
  const { type, at, count } = entry;
  const read = NUMBERS[type];
  if (!read) return [];
  const step = TYPE_BYTES[type] ?? 0;
  return Array.from({ length: Math.min(count, most) }, (_, k) => read(reader, at + k * step));
}

type ReadNumber = (reader: ByteReader, at: number) => number;
const ratio = (numerator: number, denominator: number) =>
  denominator === 0 ? Number.NaN : numerator / denominator;
const NUMBERS: Readonly<Record<number, ReadNumber>> = {
  1: (reader, at) => reader.u8(at),
  3: (reader, at) => reader.u16(at),
  4: (reader, at) => reader.u32(at),
  5: (reader, at) => ratio(reader.u32(at), reader.u32(at + 4)),
  6: (reader, at) => (reader.u8(at) << 24) >> 24,
  8: (reader, at) => (reader.u16(at) << 16) >> 16,
  9: (reader, at) => reader.i32(at),
  10: (reader, at) => ratio(reader.i32(at), reader.i32(at + 4)),
  11: (reader, at) => reader.f32(at),
  12: (reader, at) => reader.f64(at),
  13: (reader, at) => reader.u32(at),
  16: (reader, at) => reader.u64(at),
  18: (reader, at) => reader.u64(at),
};

/** The value's bytes, at most `most`. */
export function bytesOf({ reader }: TiffBlock, entry: Entry | undefined, most: number): Uint8Array {
  return entry ? reader.slice(entry.at, Math.min(entry.bytes, most)) : new Uint8Array(0);
}

/** Text to its first NUL, at most `most` bytes. */
export function textOf(block: TiffBlock, entry: Entry | undefined, most: number): string {
  const text = Buffer.from(bytesOf(block, entry, most)).toString('utf8');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
