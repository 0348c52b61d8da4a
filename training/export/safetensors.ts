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

/** The arrays of a safetensors file, as float32; throws DATASET_INVALID where the file is damaged. */
export function readSafetensors(bytes: Uint8Array): Record<string, NamedArray> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Number.NaN;
  if (!(length <= file.length - 8)) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `A safetensors file of ${file.length} bytes ends inside its header.`,
    );
  }
  let header: Record<string, HeaderEntry>;
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, HeaderEntry>;
  } catch (cause) {
    throw new SkyfixError('DATASET_INVALID', 'The header of a safetensors file is not JSON.', { cause });
  }
  const arrays: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = entry.data_offsets;
    const part = file.subarray(8 + length + from, 8 + length + to);
    if (part.length !== to - from) {
      throw new SkyfixError('DATASET_INVALID', `The safetensors file ends inside the tensor ${name}.`);
    }
    arrays[name] = { shape: entry.shape, data: toFloat32(name, entry.dtype, part) };
  }
  return arrays;
}

function toFloat32(name: string, dtype: string, part: Buffer): Float32Array {
  if (dtype === 'F32') return new Float32Array(Uint8Array.from(part).buffer);
  const numbers = new Float32Array(part.length / 2);
  for (let i = 0; i < numbers.length; i++) {
    const half = part.readUInt16LE(2 * i);
    if (dtype === 'BF16') numbers[i] = bitsToFloat(half << 16);
    else if (dtype === 'F16') numbers[i] = halfToFloat(half);
    else {
      throw new SkyfixError(
        'DATASET_INVALID',
        `Tensor ${name} has the type ${dtype}; F32, F16 and BF16 are read.`,
      );
    }
  }
  return numbers;
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
