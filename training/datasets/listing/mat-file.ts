// MAT-files of level 5 (MATLAB versions 5 to 7): char, cell, struct and numeric arrays, plain or zlib-compressed.
// Source: MathWorks, "MAT-File Format", chapter 1, "Level 5 MAT-File Format". Arrays are column-major there.
import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { messageOf, SkyfixError } from 'skyfix/errors';
import type { MatArray } from './mat-array.js';
import { isHdf5, readMatHdf5 } from './mat-hdf5.js';

const HEADER_BYTES = 128;
/** Bounds what a compressed element may grow to. */
const MAX_ELEMENT_BYTES = 1 << 30;

const MI = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  int64: 12,
  uint64: 13,
};
const MI_MATRIX = 14;
const MI_COMPRESSED = 15;
const MI_UTF8 = 16;
const MI_UTF16 = 17;
const MI_UTF32 = 18;

const CLASS_CELL = 1;
const CLASS_STRUCT = 2;
const CLASS_CHAR = 4;
/** double, single, and the signed and unsigned integers of 8 to 64 bits */
const NUMERIC_CLASSES = { first: 6, last: 15 };
/** An opaque object: its data elements have another order, so that not even its name is where others have it. */
const CLASS_OPAQUE = 17;

/** A data element: its type and its bytes. */
interface Element {
  readonly type: number;
  readonly bytes: DataView;
}

/**
 * The variables of a MAT-file by name: of level 5, or of version 7.3, which is HDF5. Throws DATASET_INVALID where it cannot be
 * read, is of level 4 or damaged. 64-bit integers beyond 2^53 lose digits.
 */
export async function readMatFile(path: string): Promise<ReadonlyMap<string, MatArray>> {
  try {
    const file = await readFile(path);
    return isHdf5(file) ? await readMatHdf5(path) : parseMat(file);
  } catch (error) {
    throw new SkyfixError('DATASET_INVALID', `${path} is not a usable MAT-file: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** The variables of a MAT-file's bytes by name; throws an Error that says what is wrong with them. */
export function parseMat(file: Uint8Array): ReadonlyMap<string, MatArray> {
  if (file.length < HEADER_BYTES) throw new Error(`it has ${file.length} bytes, fewer than its header`);
  const view = viewOf(file);
  const littleEndian = view.getUint16(126, true) === 0x4d49;
  if (!littleEndian && view.getUint16(126, false) !== 0x4d49) {
    throw new Error('it has no level 5 header; save it with "-v7" in MATLAB');
  }
  const version = view.getUint16(124, littleEndian);
  if (version !== 0x0100) {
    throw new Error(`its version is ${version.toString(16)}; save it with "-v7" in MATLAB`);
  }
  const reader = new ElementReader(
    new DataView(view.buffer, view.byteOffset + HEADER_BYTES, file.length - HEADER_BYTES),
    littleEndian,
  );
  const variables = new Map<string, MatArray>();
  while (!reader.atEnd) {
    const { type, bytes } = reader.next();
    const element =
      type === MI_COMPRESSED ? new ElementReader(inflated(bytes), littleEndian).next() : { type, bytes };
    if (element.type !== MI_MATRIX) continue;
    const { name, array } = readMatrix(element.bytes, littleEndian);
    if (name !== '') variables.set(name, array);
  }
  return variables;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function inflated(bytes: DataView): DataView {
  const packed = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return viewOf(inflateSync(packed, { maxOutputLength: MAX_ELEMENT_BYTES }));
}

/** Walks over the data elements that stand one behind the other. */
class ElementReader {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at = 0;

  constructor(view: DataView, littleEndian: boolean) {
    this.#view = view;
    this.#littleEndian = littleEndian;
  }

  get atEnd(): boolean {
    return this.#at >= this.#view.byteLength;
  }

  next(): Element {
    const [view, at] = [this.#view, this.#at];
    if (at + 8 > view.byteLength) throw new Error('it ends within a data element');
    const word = view.getUint32(at, this.#littleEndian);
    // Small data elements have their byte count in the upper half of the type and their data in the tag itself.
    const small = word >>> 16 !== 0;
    const type = small ? word & 0xffff : word;
    const length = small ? word >>> 16 : view.getUint32(at + 4, this.#littleEndian);
    const start = small ? at + 4 : at + 8;
    if ((small && length > 4) || start + length > view.byteLength) {
      throw new Error('a data element is longer than what holds it');
    }
    // Every element but a compressed one is padded to 8 bytes.
    if (small) this.#at = at + 8;
    else this.#at = type === MI_COMPRESSED ? start + length : start + Math.ceil(length / 8) * 8;
    return { type, bytes: new DataView(view.buffer, view.byteOffset + start, length) };
  }
}

function readMatrix(view: DataView, littleEndian: boolean): { name: string; array: MatArray } {
  // An empty matrix inside a cell or a struct may have no elements at all.
  if (view.byteLength === 0) {
    return { name: '', array: { kind: 'numeric', shape: [0, 0], data: new Float64Array() } };
  }
  const reader = new ElementReader(view, littleEndian);
  const classNumber = reader.next().bytes.getUint32(0, littleEndian) & 0xff;
  if (classNumber === CLASS_OPAQUE) return { name: '', array: { kind: 'unsupported', classNumber } };
  const shape = [...numbersOf(reader.next(), littleEndian)];
  const name = String.fromCharCode(...numbersOf(reader.next(), littleEndian));
  return { name, array: readArray(reader, classNumber, shape, littleEndian) };
}

function readArray(
  reader: ElementReader,
  classNumber: number,
  shape: readonly number[],
  littleEndian: boolean,
): MatArray {
  const count = shape.reduce((product, side) => product * side, 1);
  const nextArray = (): MatArray => {
    const { type, bytes } = reader.next();
    if (type !== MI_MATRIX) throw new Error(`an element of type ${type} stands where an array should`);
    return readMatrix(bytes, littleEndian).array;
  };
  if (classNumber === CLASS_CELL) {
    return { kind: 'cell', shape, cells: Array.from({ length: count }, nextArray) };
  }
  if (classNumber === CLASS_STRUCT) {
    const fields = fieldNames(reader, littleEndian);
    const elements = Array.from(
      { length: count },
      () => new Map(fields.map((field) => [field, nextArray()])),
    );
    return { kind: 'struct', shape, elements };
  }
  if (classNumber === CLASS_CHAR) {
    const characters = charactersOf(reader.next(), littleEndian);
    requireCount(characters.length, count);
    const rowCount = shape[0] ?? 0;
    const rows = Array.from({ length: rowCount }, (_, row) => {
      let text = '';
      for (let k = row; k < count; k += rowCount) text += characters[k];
      return text;
    });
    return { kind: 'char', rows };
  }
  if (classNumber >= NUMERIC_CLASSES.first && classNumber <= NUMERIC_CLASSES.last) {
    const data = numbersOf(reader.next(), littleEndian);
    requireCount(data.length, count);
    return { kind: 'numeric', shape, data };
  }
  return { kind: 'unsupported', classNumber };
}

function requireCount(found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`an array has ${found} values instead of ${wanted}`);
}

function fieldNames(reader: ElementReader, littleEndian: boolean): string[] {
  const length = numbersOf(reader.next(), littleEndian)[0] ?? 0;
  const bytes = numbersOf(reader.next(), littleEndian);
  const count = length > 0 ? Math.floor(bytes.length / length) : 0;
  return Array.from({ length: count }, (_, k) => {
    const [name = ''] = String.fromCharCode(...bytes.subarray(k * length, (k + 1) * length)).split('\0');
    return name;
  });
}

/** Bytes a value and its reader, by data type. The file's type may be narrower than the array's class. */
function valueReader(type: number): {
  size: number;
  read: (view: DataView, at: number, le: boolean) => number;
} {
  switch (type) {
    case MI.int8:
      return { size: 1, read: (view, at) => view.getInt8(at) };
    case MI.uint8:
      return { size: 1, read: (view, at) => view.getUint8(at) };
    case MI.int16:
      return { size: 2, read: (view, at, le) => view.getInt16(at, le) };
    case MI.uint16:
      return { size: 2, read: (view, at, le) => view.getUint16(at, le) };
    case MI.int32:
      return { size: 4, read: (view, at, le) => view.getInt32(at, le) };
    case MI.uint32:
      return { size: 4, read: (view, at, le) => view.getUint32(at, le) };
    case MI.single:
      return { size: 4, read: (view, at, le) => view.getFloat32(at, le) };
    case MI.double:
      return { size: 8, read: (view, at, le) => view.getFloat64(at, le) };
    case MI.int64:
      return { size: 8, read: (view, at, le) => Number(view.getBigInt64(at, le)) };
    case MI.uint64:
      return { size: 8, read: (view, at, le) => Number(view.getBigUint64(at, le)) };
    default:
      throw new Error(`numbers of the unknown data type ${type}`);
  }
}

function numbersOf({ type, bytes }: Element, littleEndian: boolean): Float64Array {
  const { size, read } = valueReader(type);
  return Float64Array.from({ length: bytes.byteLength / size }, (_, k) =>
    read(bytes, k * size, littleEndian),
  );
}

function charactersOf({ type, bytes }: Element, littleEndian: boolean): string[] {
  if (type === MI_UTF8) return [...new TextDecoder('utf-8', { fatal: true }).decode(bytes)];
  const codes =
    type === MI_UTF16
      ? numbersOf({ type: MI.uint16, bytes }, littleEndian)
      : numbersOf({ type: type === MI_UTF32 ? MI.uint32 : type, bytes }, littleEndian);
  return Array.from(codes, (code) => String.fromCodePoint(code));
}
