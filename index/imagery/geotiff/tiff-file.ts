// A TIFF file as its directories (TIFF 6.0, section 2; BigTIFF): every offset, count and length is checked against the file
// before a byte is read or room is made for it.
import { open, stat } from 'node:fs/promises';
import { messageOf } from '../../../src/errors/index.js';
import { unusable } from '../port/index.js';

/** No file has more pictures, masks and overviews than this. */
const MOST_DIRECTORIES = 256;
const MOST_ENTRIES = 4096;
/** One tag's values; 2^23 blocks have offsets of 64 MiB. */
const MOST_TAG_BYTES = 256 * 1024 * 1024;
/**
 * From 1: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL, FLOAT, DOUBLE, IFD; from 16: LONG8,
 * SLONG8, IFD8.
 */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const ASCII = 2;

interface Entry {
  readonly type: number;
  readonly count: number;
  readonly offset: number;
}

export class TiffFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly littleEndian: boolean;
  readonly directories: Directory[] = [];

  private constructor(path: string, sizeBytes: number, littleEndian: boolean) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.littleEndian = littleEndian;
  }

  /** Reads the header and all directories. Throws IMAGERY_INVALID for what is no TIFF, is cut off or runs in a circle. */
  static async open(path: string): Promise<TiffFile> {
    const { size } = await stat(path).catch((error: unknown) => {
      throw unusable(path, `it cannot be read (${messageOf(error)})`, error);
    });
    const head = await readRange(path, 0, Math.min(16, size));
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const order = head.length < 8 ? 0 : view.getUint16(0);
    const littleEndian = order === 0x4949;
    const magic = order === 0x4949 || order === 0x4d4d ? view.getUint16(2, littleEndian) : 0;
    const big = magic === 43 && head.length === 16 && view.getUint16(4, littleEndian) === 8;
    if (magic !== 42 && !big) throw unusable(path, 'it is not a readable TIFF (no TIFF header)');
    const file = new TiffFile(path, size, littleEndian);
    const first = big ? offsetAt(view, 8, littleEndian) : view.getUint32(4, littleEndian);
    await file.#readDirectories(first, big);
    return file;
  }

  async #readDirectories(first: number, big: boolean): Promise<void> {
    const seen = new Set<number>();
    for (let at = first; at !== 0; ) {
      if (seen.has(at)) throw unusable(this.path, `its directories run in a circle (byte ${at} again)`);
      if (seen.size >= MOST_DIRECTORIES)
        throw unusable(this.path, `it has more than ${MOST_DIRECTORIES} directories`);
      seen.add(at);
      at = await this.#readDirectory(at, big);
    }
    if (this.directories.length === 0) throw unusable(this.path, 'it holds no picture');
  }

  async #readDirectory(at: number, big: boolean): Promise<number> {
    const [headBytes, entryBytes, linkBytes] = big ? [8, 20, 8] : [2, 12, 4];
    const head = await this.view(at, headBytes);
    const entries = big ? offsetAt(head, 0, this.littleEndian) : head.getUint16(0, this.littleEndian);
    if (entries > MOST_ENTRIES)
      throw unusable(this.path, `its directory at byte ${at} claims ${entries} entries`);
    const body = await this.view(at + headBytes, entries * entryBytes + linkBytes);
    const tags = new Map<number, Entry>();
    for (let k = 0; k < entries; k++) {
      const start = k * entryBytes;
      const tag = body.getUint16(start, this.littleEndian);
      const type = body.getUint16(start + 2, this.littleEndian);
      const count = big
        ? offsetAt(body, start + 4, this.littleEndian)
        : body.getUint32(start + 4, this.littleEndian);
      const value = start + (big ? 12 : 8);
      const bytes = count * (TYPE_BYTES[type] ?? 0);
      const inside = bytes <= (big ? 8 : 4);
      const offset = inside
        ? at + headBytes + value
        : big
          ? offsetAt(body, value, this.littleEndian)
          : body.getUint32(value, this.littleEndian);
      if (!tags.has(tag)) tags.set(tag, { type, count, offset });
    }
    this.directories.push(new Directory(this, tags));
    const link = entries * entryBytes;
    return big ? offsetAt(body, link, this.littleEndian) : body.getUint32(link, this.littleEndian);
  }

  /** Bytes of the file; IMAGERY_INVALID where it ends before them. */
  async bytes(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.sizeBytes)) {
      throw unusable(
        this.path,
        `it ends at byte ${this.sizeBytes} but its tags point to ${length} bytes at ${offset}; the file is cut off or damaged`,
      );
    }
    return readRange(this.path, offset, length);
  }

  async view(offset: number, length: number): Promise<DataView<ArrayBuffer>> {
    const bytes = await this.bytes(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** The tags of one picture. */
export class Directory {
  readonly file: TiffFile;
  readonly #entries: ReadonlyMap<number, Entry>;
  readonly #numbers = new Map<number, Promise<Float64Array>>();

  constructor(file: TiffFile, entries: ReadonlyMap<number, Entry>) {
    this.file = file;
    this.#entries = entries;
  }

  has(tag: number): boolean {
    return this.#entries.has(tag);
  }

  /** All values of a tag as numbers (rationals as quotients); empty where it is absent. Read once. */
  numbers(tag: number): Promise<Float64Array> {
    let values = this.#numbers.get(tag);
    if (!values) {
      values = this.#read(tag);
      this.#numbers.set(tag, values);
    }
    return values;
  }

  /** The first value of a tag. */
  async number(tag: number): Promise<number | undefined> {
    return (await this.numbers(tag))[0];
  }

  /** An ASCII tag without its closing zero bytes. */
  async text(tag: number): Promise<string | undefined> {
    const entry = this.#entries.get(tag);
    if (!entry || entry.type !== ASCII) return undefined;
    const bytes = await this.rawBytes(tag);
    return new TextDecoder().decode(bytes).replace(/\0+$/, '');
  }

  /** The bytes of a tag's values; empty where it is absent. */
  async rawBytes(tag: number): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#entries.get(tag);
    if (!entry) return new Uint8Array(0);
    const length = entry.count * (TYPE_BYTES[entry.type] ?? 0);
    if (length > MOST_TAG_BYTES) {
      throw unusable(this.file.path, `its tag ${tag} claims ${entry.count} values, more than can be read`);
    }
    return this.file.bytes(entry.offset, length);
  }

  async #read(tag: number): Promise<Float64Array> {
    const bytes = await this.rawBytes(tag);
    const entry = this.#entries.get(tag);
    if (!entry || bytes.length === 0) return new Float64Array(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const values = new Float64Array(entry.count);
    const step = TYPE_BYTES[entry.type] ?? 1;
    for (let k = 0; k < values.length; k++) {
      values[k] = valueAt(view, k * step, entry.type, this.file.littleEndian);
    }
    return values;
  }
}

function valueAt(view: DataView, at: number, type: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, little);
    case 4:
    case 13:
      return view.getUint32(at, little);
    case 5:
      return view.getUint32(at, little) / view.getUint32(at + 4, little);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, little);
    case 9:
      return view.getInt32(at, little);
    case 10:
      return view.getInt32(at, little) / view.getInt32(at + 4, little);
    case 11:
      return view.getFloat32(at, little);
    case 12:
      return view.getFloat64(at, little);
    case 16:
    case 18:
      return offsetAt(view, at, little);
    case 17:
      return Number(view.getBigInt64(at, little));
    default:
      return view.getUint8(at);
  }
}

/** A 64-bit number; beyond 2^53 it is rounded, and beyond every file. */
function offsetAt(view: DataView, at: number, little: boolean): number {
  return Number(view.getBigUint64(at, little));
}

/** Opened for each read: a folder of thousands of files needs no thousands of open ones. */
async function readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unusable(path, `it cannot be read (${messageOf(error)})`, error);
  });
  try {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw unusable(path, `it ends at byte ${offset + done}; the file is cut off`);
      done += bytesRead;
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unusable(path, messageOf(error), error);
    throw error;
  } finally {
    await file.close();
  }
  return bytes;
}
