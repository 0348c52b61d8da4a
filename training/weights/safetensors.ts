// safetensors (https://github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON header of
// { name: { dtype, shape, data_offsets } }, then the data. float32 and float16 are written; floats of 16 to 64
// bits and integers are read.
import { SkyfixError } from 'skyfix/errors';
import { toHalves } from 'skyfix/onnx';
import type { NamedArray } from '../networks/index.js';
import { ELEMENT_TYPES, isElementType, toFloat32 } from './element-types.js';

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The bytes of a safetensors file with `arrays` in the order given, as F32, or as F16 where `half` says so. */
export function writeSafetensors(
  arrays: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
  half: (name: string, array: NamedArray) => boolean = () => false,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  const parts: (Float32Array | Uint16Array)[] = [];
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const isHalf = half(name, array);
    const data = isHalf ? toHalves(array.data) : array.data;
    const end = offset + data.byteLength;
    header[name] = { dtype: isHalf ? 'F16' : 'F32', shape: array.shape, data_offsets: [offset, end] };
    parts.push(data);
    offset = end;
  }
  // Spaces pad the header so that the data starts at a multiple of 8.
  const json = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(8 + length + offset, 0x20);
  file.writeBigUInt64LE(BigInt(length), 0);
  json.copy(file, 8);
  let position = 8 + length;
  for (const data of parts) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * The arrays of a safetensors file, as float32; of those that `choose` picks by their names where it is given. Throws
 * WEIGHTS_INVALID naming `source` where the file is damaged or a tensor that was chosen has another type.
 */
export function readSafetensors(
  bytes: Uint8Array,
  source = 'the file',
  choose: (names: readonly string[]) => readonly string[] = (names) => names,
): Record<string, NamedArray> {
  const invalid = (what: string, options?: ErrorOptions) =>
    new SkyfixError('WEIGHTS_INVALID', `${source}: ${what}.`, options);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Number.NaN;
  if (!(length <= file.length - 8)) {
    if (isPickle(file)) {
      const line =
        `python3 -c "import torch; from safetensors.torch import save_file as s; s(torch.load('IN.pth', ` +
        `map_location='cpu'), 'OUT.safetensors')"`;
      throw invalid(
        `it is a PyTorch checkpoint, which can run code when it is read; convert it once: ${line}`,
      );
    }
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
  const entries = header as Record<string, unknown>;
  for (const name of choose(Object.keys(entries).filter((key) => key !== '__metadata__'))) {
    const entry = entries[name];
    if (!isHeaderEntry(entry)) throw invalid(`the header describes the tensor ${name} in no known way`);
    const { dtype, shape } = entry;
    const type = isElementType(dtype) ? ELEMENT_TYPES[dtype] : undefined;
    if (!type || !isElementType(dtype))
      throw invalid(
        `tensor ${name} has the type ${dtype}; ${Object.keys(ELEMENT_TYPES).join(', ')} are read`,
      );
    const [from, to] = entry.data_offsets;
    const part = file.subarray(8 + length + from, 8 + length + to);
    if (part.length !== to - from) throw invalid(`the file ends inside the tensor ${name}`);
    if (part.length !== type.bytes * shape.reduce((a, b) => a * b, 1)) {
      throw invalid(`tensor ${name} [${shape.join(', ')}] of ${dtype} has ${part.length} bytes`);
    }
    arrays[name] = { shape, data: toFloat32(dtype, part) };
  }
  return arrays;
}

/** torch.save's files: a ZIP archive, or a bare pickle. */
const isPickle = (file: Buffer) =>
  file.subarray(0, 4).toString('latin1') === 'PK\x03\x04' || file[0] === 0x80;

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
