// descriptors.f32: all descriptors of an index, row-major float32 little-endian behind a 32-byte header:
// "SKYFIXD1" | uint32 format version | uint32 count | uint32 dimensions | 12 bytes zero.
import { open, readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';

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

/** The bytes of descriptors.f32. Throws INTERNAL where data is not [count, dimensions]. */
export function formatDescriptors({ count, dimensions, data }: Descriptors): Uint8Array {
  if (data.length !== count * dimensions) {
    throw new SkyfixError('INTERNAL', `${data.length} values are not [${count}, ${dimensions}] descriptors.`);
  }
  const bytes = new Uint8Array(DESCRIPTOR_HEADER_BYTES + data.length * 4);
  bytes.set(new TextEncoder().encode(MAGIC));
  const header = new DataView(bytes.buffer);
  [FORMAT_VERSION, count, dimensions].forEach((value, i) => {
    header.setUint32(8 + 4 * i, value, true);
  });
  new Float32Array(bytes.buffer, DESCRIPTOR_HEADER_BYTES).set(data);
  return bytes;
}

/** Reads descriptors.f32. Throws INDEX_MISSING or INDEX_CORRUPT naming the file and what is wrong. */
export async function readDescriptors(path: string): Promise<Descriptors> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw missing(path, error);
  }
  const shape = shapeOf(bytes, bytes.length, path);
  const data = new Float32Array(new SharedArrayBuffer(shape.count * shape.dimensions * 4));
  new Uint8Array(data.buffer).set(bytes.subarray(DESCRIPTOR_HEADER_BYTES));
  return { ...shape, data };
}

/** The header of descriptors.f32 alone, checked against the file's size. */
export async function readDescriptorShape(path: string): Promise<DescriptorShape> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw missing(path, error);
  });
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(DESCRIPTOR_HEADER_BYTES), 0);
    return shapeOf(buffer.subarray(0, bytesRead), size, path);
  } finally {
    await file.close();
  }
}

function missing(path: string, error: unknown): SkyfixError {
  return new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
}

function shapeOf(bytes: Buffer, size: number, path: string): DescriptorShape {
  const corrupt = (what: string) => new SkyfixError('INDEX_CORRUPT', `${path} ${what}.`);
  if (bytes.length < DESCRIPTOR_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw corrupt(`does not begin with "${MAGIC}"`);
  }
  const version = bytes.readUInt32LE(8);
  if (version !== FORMAT_VERSION) throw corrupt(`has format version ${version}, not ${FORMAT_VERSION}`);
  const count = bytes.readUInt32LE(12);
  const dimensions = bytes.readUInt32LE(16);
  const expected = DESCRIPTOR_HEADER_BYTES + count * dimensions * 4;
  if (dimensions === 0 || size !== expected) {
    throw corrupt(`has ${size} bytes; ${count} descriptors of ${dimensions} values need ${expected}`);
  }
  return { count, dimensions };
}
