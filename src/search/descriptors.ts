// Descriptors written, read into shared memory, or mapped; see descriptor-format for the files.
import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import { writeFileAtomic } from '../files/index.js';
import { unpackHalves } from '../onnx/index.js';
import {
  corrupt,
  DESCRIPTOR_HEADER_BYTES,
  type DescriptorHeader,
  type DescriptorShape,
  headerBytes,
  headerOf,
  layoutOf,
} from './descriptor-format.js';
import { bytesAt, mapFile } from './mapped-file.js';
import {
  DESCRIPTOR_PRECISIONS,
  type DescriptorPrecision,
  packBytes,
  packHalves,
  unpackBytes,
} from './precision.js';

/** data: [count, dimensions], each row of unit length; on a SharedArrayBuffer a worker sees it without a copy. */
export interface Descriptors extends DescriptorShape {
  readonly precision?: 'f32';
  readonly data: Float32Array;
}

/** Descriptors as they are kept; data is [count, dimensions]. */
export type StoredDescriptors =
  | Descriptors
  | (DescriptorShape & { readonly precision: 'f16'; readonly data: Uint16Array })
  | (DescriptorShape & {
      readonly precision: 'i8';
      readonly data: Int8Array;
      /** Of each row. */
      readonly scales: Float32Array;
    });

/** A file of descriptors that is mapped into the memory of the process. */
export interface MappedDescriptors extends DescriptorHeader {
  readonly address: bigint;
  readonly bytes: number;
}

/** So many bytes are read or written at a time: a read of 2 GiB and more is refused by the system. */
const PIECE_BYTES = 64 * 2 ** 20;
/** Larger files are mapped: what no search looks at takes no memory, and what one does is shared with whoever else maps it. */
const MAPPED_FROM_BYTES = 64 * 2 ** 20;

/** The bytes of the file in pieces. Throws INTERNAL where data is not [count, dimensions]. */
function* pieces(descriptors: Descriptors, precision: DescriptorPrecision): Generator<Uint8Array> {
  const { count, dimensions, data } = descriptors;
  if (data.length !== count * dimensions) {
    throw new SkyfixError('INTERNAL', `${data.length} values are not [${count}, ${dimensions}] descriptors.`);
  }
  const header = { count, dimensions, precision };
  yield headerBytes(header);
  const scales = new Float32Array(precision === 'i8' ? count : 0);
  const rows = Math.max(1, Math.floor(PIECE_BYTES / (4 * Math.max(1, dimensions))));
  for (let from = 0; from < count; from += rows) {
    const to = Math.min(count, from + rows);
    const piece = data.subarray(from * dimensions, to * dimensions);
    if (precision === 'f32') yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    else if (precision === 'f16') {
      const halves = new Uint16Array(piece.length);
      packHalves(piece, halves);
      yield new Uint8Array(halves.buffer);
    } else {
      const bytes = new Int8Array(piece.length);
      for (let row = from; row < to; row++) {
        const at = (row - from) * dimensions;
        scales[row] = packBytes(piece.subarray(at, at + dimensions), bytes.subarray(at, at + dimensions));
      }
      yield new Uint8Array(bytes.buffer);
    }
  }
  if (precision !== 'i8') return;
  const { valuesEnd, scalesAt } = layoutOf(header);
  yield new Uint8Array(scalesAt - valuesEnd);
  yield new Uint8Array(scales.buffer);
}

/** The bytes of the file, for few descriptors. Throws INTERNAL where data is not [count, dimensions]. */
export function formatDescriptors(
  descriptors: Descriptors,
  precision: DescriptorPrecision = 'f32',
): Uint8Array {
  return Buffer.concat([...pieces(descriptors, precision)]);
}

/** Writes the file, whole or not at all. Throws INTERNAL where data is not [count, dimensions], DISK_FULL. */
export function writeDescriptors(
  path: string,
  descriptors: Descriptors,
  precision: DescriptorPrecision = 'f32',
): Promise<void> {
  return writeFileAtomic(path, pieces(descriptors, precision));
}

/**
 * Reads a file of descriptors as float32 into shared memory, `pieceBytes` at a time. Where there is no such file, the one of
 * the same name that keeps them in fewer bits is read. Throws INDEX_MISSING or INDEX_CORRUPT naming the file and what is wrong.
 */
export async function readDescriptors(path: string, pieceBytes = PIECE_BYTES): Promise<Descriptors> {
  return asFloats(await readStored(await fileThatIs(path), pieceBytes));
}

/** Reads a file of descriptors as they are kept, into shared memory. Throws INDEX_MISSING, INDEX_CORRUPT. */
export async function readStored(path: string, pieceBytes = PIECE_BYTES): Promise<StoredDescriptors> {
  const file = await openFile(path);
  try {
    const header = await headerOfFile(file, path);
    const { size } = layoutOf(header);
    const memory = new SharedArrayBuffer(size - DESCRIPTOR_HEADER_BYTES);
    const bytes = new Uint8Array(memory);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + pieceBytes);
      const { bytesRead } = await file.read(piece, 0, piece.length, DESCRIPTOR_HEADER_BYTES + at);
      if (bytesRead === 0) throw corrupt(path, `ends after ${at} of ${bytes.length} bytes`);
      at += bytesRead;
    }
    return arraysIn(header, memory, 0);
  } finally {
    await file.close();
  }
}

/** Descriptors that are open, and how they are let go: not before whoever uses them has ended. */
export interface OpenDescriptors {
  readonly descriptors: StoredDescriptors | MappedDescriptors;
  close(): void;
}

/** Opens a file of descriptors: a large one is mapped where the system can, others are read. Throws as readStored. */
export async function openDescriptors(
  path: string,
  mappedFrom = MAPPED_FROM_BYTES,
): Promise<OpenDescriptors> {
  const header = await readDescriptorHeader(path);
  const mapped = layoutOf(header).size >= mappedFrom ? mapFile(path) : undefined;
  if (!mapped) return { descriptors: await readStored(path), close: () => {} };
  const { address, bytes } = mapped;
  return { descriptors: { ...header, address, bytes }, close: mapped.unmap };
}

/** Mapped descriptors as arrays in this thread; others as they are. */
export function arraysOf(descriptors: StoredDescriptors | MappedDescriptors): StoredDescriptors {
  if (!('address' in descriptors)) return descriptors;
  const { address, bytes } = descriptors;
  return arraysIn(descriptors, bytesAt(address, bytes), DESCRIPTOR_HEADER_BYTES);
}

function arraysIn(header: DescriptorHeader, memory: ArrayBufferLike, from: number): StoredDescriptors {
  const { count, dimensions, precision } = header;
  const values = count * dimensions;
  if (precision === 'f32') return { count, dimensions, data: new Float32Array(memory, from, values) };
  if (precision === 'f16') {
    return { count, dimensions, precision, data: new Uint16Array(memory, from, values) };
  }
  const scalesAt = layoutOf(header).scalesAt - DESCRIPTOR_HEADER_BYTES;
  const scales = new Float32Array(memory, from + scalesAt, count);
  return { count, dimensions, precision, data: new Int8Array(memory, from, values), scales };
}

/** Whether they are kept as float32. */
export const isFloats = (stored: StoredDescriptors): stored is Descriptors =>
  stored.precision === undefined || stored.precision === 'f32';

/** As float32, on shared memory; those that are float32 stay where they are. */
export function asFloats(stored: StoredDescriptors): Descriptors {
  if (isFloats(stored)) return stored;
  const { count, dimensions } = stored;
  const data = new Float32Array(new SharedArrayBuffer(4 * count * dimensions));
  if (stored.precision === 'f16') unpackHalves(stored.data, data);
  else {
    for (let row = 0; row < count; row++) {
      const [from, to] = [row * dimensions, (row + 1) * dimensions];
      unpackBytes(stored.data.subarray(from, to), stored.scales[row] as number, data.subarray(from, to));
    }
  }
  return { count, dimensions, data };
}

/** The header alone, checked against the file's size. Throws INDEX_MISSING, INDEX_CORRUPT. */
export async function readDescriptorHeader(path: string): Promise<DescriptorHeader> {
  const file = await openFile(path);
  try {
    return await headerOfFile(file, path);
  } finally {
    await file.close();
  }
}

/** How many there are, of which length. Throws INDEX_MISSING, INDEX_CORRUPT. */
export async function readDescriptorShape(path: string): Promise<DescriptorShape> {
  const { count, dimensions } = await readDescriptorHeader(path);
  return { count, dimensions };
}

/** The path itself, or where there is no such file, the one beside it that keeps descriptors otherwise. */
async function fileThatIs(path: string): Promise<string> {
  const stem = DESCRIPTOR_PRECISIONS.reduce(
    (name, kind) => name.replace(new RegExp(`\\.${kind}$`), ''),
    path,
  );
  const others = stem === path ? [] : DESCRIPTOR_PRECISIONS.map((kind) => `${stem}.${kind}`);
  for (const candidate of [path, ...others]) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  return path;
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: unknown) => {
    const text = `${path} cannot be read (${messageOf(error)}).`;
    throw new SkyfixError('INDEX_MISSING', text, { cause: error });
  });
}

async function headerOfFile(file: FileHandle, path: string): Promise<DescriptorHeader> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(DESCRIPTOR_HEADER_BYTES), 0);
  return headerOf(buffer.subarray(0, bytesRead), size, path);
}
