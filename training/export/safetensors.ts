// safetensors (https://github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON header of
// { name: { dtype, shape, data_offsets } }, then the data. float32 is written; float32, float16 and bfloat16 are read.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../networks/index.js';

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The bytes of a safetensors file with `arrays` as F32, in the order given. */
export function writeSafetensors(
  arrays: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  // Spaces pad the header so that the data starts at a multiple of 8.
  const json = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(8 + length + offset, 0x20);
  file.writeBigUInt64LE(BigInt(length), 0);
  json.copy(file, 8);
  let position = 8 + length;
  for (const { data } of Object.values(arrays)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * The arrays of a safetensors file, as float32. Throws WEIGHTS_INVALID naming `source` where the file is damaged or a
 * tensor has another type.
 */
export function readSafetensors(bytes: Uint8Array, source = 'the file'): Record<string, NamedArray> {
  const invalid = (what: string, options?: ErrorOptions) =>
    new SkyfixError('WEIGHTS_INVALID', `${source}: ${what}.`, options);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Number.NaN;
  if (!(length <= file.length - 8)) {
    throw invalid(`a safetensors file of ${file.length} bytes that ends inside its header`);
  }
  let header: unknown;
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + length));
  } catch (cause) {
    throw invalid('the header of the safetensors file is not JSON', { cause });
  }
  if (typeof header !== 'object' || header === null) {
    throw invalid('the header of the safetensors file is no object');
  }
  const arrays: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isHeaderEntry(entry)) throw invalid(`the header describes the tensor ${name} in no known way`);
    const { dtype, shape } = entry;
    const size = BYTES[dtype];
    if (size === undefined) {
      throw invalid(`tensor ${name} has the type ${dtype}; ${Object.keys(BYTES).join(', ')} are read`);
    }
    const [from, to] = entry.data_offsets;
    const part = file.subarray(8 + length + from, 8 + length + to);
    if (part.length !== to - from) throw invalid(`the file ends inside the tensor ${name}`);
    if (part.length !== size * shape.reduce((a, b) => a * b, 1)) {
      throw invalid(`tensor ${name} [${shape.join(', ')}] of ${dtype} has ${part.length} bytes`);
    }
    arrays[name] = { shape, data: toFloat32(dtype, part) };
  }
  return arrays;
}

/** The types that are read, and the bytes of one value. */
const BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;

function isHeaderEntry(value: unknown): value is HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Partial<HeaderEntry>;
  return (
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every(isCount) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(isCount)
  );
}

function toFloat32(dtype: string, part: Buffer): Float32Array {
  if (dtype === 'F32') return new Float32Array(Uint8Array.from(part).buffer);
  const widen = dtype === 'BF16' ? (bits: number) => bitsToFloat(bits << 16) : halfToFloat;
  return Float32Array.from({ length: part.length / 2 }, (_, i) => widen(part.readUInt16LE(2 * i)));
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsToFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
