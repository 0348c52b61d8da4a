// descriptors.f32: 32 bytes of header (magic SKYFIXD1, version, count, dimensions, zeros), then float32, little endian.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from '../errors/index.js';

const MAGIC = 'SKYFIXD1';
const HEADER_BYTES = 32;
const VERSION = 1;

/** Unit vectors, one after the other: data.length === count * dimensions. */
export interface Descriptors {
  readonly count: number;
  readonly dimensions: number;
  readonly data: Float32Array;
}

/** The file's bytes. */
export function formatDescriptors({ count, dimensions, data }: Descriptors): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES + data.length * 4);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(count, 12);
  bytes.writeUInt32LE(dimensions, 16);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), HEADER_BYTES);
  return bytes;
}

/** Reads the file. Throws INDEX_CORRUPT naming what does not fit. */
export async function readDescriptors(path: string): Promise<Descriptors> {
  const bytes = await readFile(path);
  const fail = (why: string) => new SkyfixError('INDEX_CORRUPT', `${path}: ${why}`);
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC)
    throw fail('is no descriptor file.');
  if (bytes.readUInt32LE(8) !== VERSION) throw fail(`has version ${bytes.readUInt32LE(8)}, not ${VERSION}.`);
  const count = bytes.readUInt32LE(12);
  const dimensions = bytes.readUInt32LE(16);
  const expected = HEADER_BYTES + count * dimensions * 4;
  if (bytes.length !== expected)
    throw fail(`has ${bytes.length} bytes, ${count} x ${dimensions} need ${expected}.`);
  const data = new Float32Array(new SharedArrayBuffer(count * dimensions * 4));
  new Uint8Array(data.buffer).set(bytes.subarray(HEADER_BYTES));
  return { count, dimensions, data };
}
