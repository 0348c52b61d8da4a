// descriptors.f32: all descriptors of an index, row-major float32 little-endian behind a 32-byte header:
// "SKYFIXD1" | uint32 format version | uint32 count | uint32 dimensions | 12 bytes zero.
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import { writeFileAtomic } from '../files/index.js';

const MAGIC = 'SKYFIXD1';
const FORMAT_VERSION = 1;
export const DESCRIPTOR_HEADER_BYTES = 32;

export interface DescriptorShape {
  readonly count: number;
  readonly dimensions: number;
}

/** data: [count, dimensions], each row of unit length; on a SharedArrayBuffer a worker sees it without a copy. */
export interface Descriptors extends DescriptorShape {
  readonly data: Float32Array;
}

/** So many bytes are read or written at a time: a read of 2 GiB and more is refused by the system. */
const PIECE_BYTES = 64 * 2 ** 20;

/** The bytes of descriptors.f32 in pieces, without a copy. Throws INTERNAL where data is not [count, dimensions]. */
function* descriptorPieces({ count, dimensions, data }: Descriptors): Generator<Uint8Array> {
  if (data.length !== count * dimensions) {
    throw new SkyfixError('INTERNAL', `${data.length} values are not [${count}, ${dimensions}] descriptors.`);
  }
  const header = new Uint8Array(DESCRIPTOR_HEADER_BYTES);
  header.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(header.buffer);
  [FORMAT_VERSION, count, dimensions].forEach((value, i) => {
    view.setUint32(8 + 4 * i, value, true);
  });
  yield header;
  for (let at = 0; at < data.byteLength; at += PIECE_BYTES) {
    yield new Uint8Array(data.buffer, data.byteOffset + at, Math.min(PIECE_BYTES, data.byteLength - at));
  }
}

/** The bytes of descriptors.f32, for few descriptors. Throws INTERNAL where data is not [count, dimensions]. */
export function formatDescriptors(descriptors: Descriptors): Uint8Array {
  return Buffer.concat([...descriptorPieces(descriptors)]);
}

/** Writes descriptors.f32, whole or not at all. Throws INTERNAL where data is not [count, dimensions], DISK_FULL. */
export function writeDescriptors(path: string, descriptors: Descriptors): Promise<void> {
  return writeFileAtomic(path, descriptorPieces(descriptors));
}

/**
 * Reads descriptors.f32 into shared memory, `pieceBytes` at a time. Throws INDEX_MISSING or INDEX_CORRUPT naming the
 * file and what is wrong.
 */
export async function readDescriptors(path: string, pieceBytes = PIECE_BYTES): Promise<Descriptors> {
  const file = await openFile(path);
  try {
    const shape = await shapeOfFile(file, path);
    const data = new Float32Array(new SharedArrayBuffer(shape.count * shape.dimensions * 4));
    const bytes = new Uint8Array(data.buffer);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + pieceBytes);
      const { bytesRead } = await file.read(piece, 0, piece.length, DESCRIPTOR_HEADER_BYTES + at);
      if (bytesRead === 0) throw corrupt(path, `ends after ${at} of ${bytes.length} bytes`);
      at += bytesRead;
    }
    return { ...shape, data };
  } finally {
    await file.close();
  }
}

/** The header of descriptors.f32 alone, checked against the file's size. */
export async function readDescriptorShape(path: string): Promise<DescriptorShape> {
  const file = await openFile(path);
  try {
    return await shapeOfFile(file, path);
  } finally {
    await file.close();
  }
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: unknown) => {
    throw missing(path, error);
  });
}

async function shapeOfFile(file: FileHandle, path: string): Promise<DescriptorShape> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(DESCRIPTOR_HEADER_BYTES), 0);
  return shapeOf(buffer.subarray(0, bytesRead), size, path);
}

function corrupt(path: string, what: string): SkyfixError {
  return new SkyfixError('INDEX_CORRUPT', `${path} ${what}.`);
}

function missing(path: string, error: unknown): SkyfixError {
  return new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
}

function shapeOf(bytes: Buffer, size: number, path: string): DescriptorShape {
  if (bytes.length < DESCRIPTOR_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw corrupt(path, `does not begin with "${MAGIC}"`);
  }
  const version = bytes.readUInt32LE(8);
  if (version !== FORMAT_VERSION) throw corrupt(path, `has format version ${version}, not ${FORMAT_VERSION}`);
  const count = bytes.readUInt32LE(12);
  const dimensions = bytes.readUInt32LE(16);
  const expected = DESCRIPTOR_HEADER_BYTES + count * dimensions * 4;
  if (dimensions === 0 || size !== expected) {
    throw corrupt(path, `has ${size} bytes; ${count} descriptors of ${dimensions} values need ${expected}`);
  }
  return { count, dimensions };
}
