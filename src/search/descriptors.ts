// Descriptors as arrays, and written to files; see descriptor-format for these, and open-descriptors for reading them.
import { SkyfixError } from '../errors/index.js';
import { sha256OfBytes, writeFileAtomic } from '../files/index.js';
import { unpackHalves } from '../onnx/index.js';
import {
  DESCRIPTOR_HEADER_BYTES,
  type DescriptorHeader,
  type DescriptorShape,
  type DescriptorShard,
  headerBytes,
  layoutOf,
  shardNameOf,
  shardPathOf,
  tableBytes,
} from './descriptor-format.js';
import { bytesAt } from './mapped-file.js';
import { type DescriptorPrecision, packBytes, packHalves, unpackBytes } from './precision.js';

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

/** Files of descriptors that are mapped into the memory of the process: one, or a shard each. */
export interface MappedDescriptors extends DescriptorHeader {
  readonly segments: readonly MappedSegment[];
}

/** A file with `count` of the rows. */
export interface MappedSegment {
  readonly count: number;
  readonly address: bigint;
  readonly bytes: number;
}

/** So many bytes are written at a time. */
const PIECE_BYTES = 64 * 2 ** 20;

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
 * Writes descriptors in shards of so many rows each, and the file that names them at `path`, last; returns the names of the
 * shards' files, without those that are there twice. Throws INTERNAL where data is not [count, dimensions], DISK_FULL.
 */
export async function writeDescriptorShards(
  path: string,
  descriptors: Descriptors,
  precision: DescriptorPrecision,
  rowsOfShards: readonly number[],
): Promise<readonly string[]> {
  const { count, dimensions, data } = descriptors;
  const together = rowsOfShards.reduce((sum, rows) => sum + rows, 0);
  if (together !== count) {
    throw new SkyfixError('INTERNAL', `Shards of ${together} rows together are not ${count} descriptors.`);
  }
  const shards: DescriptorShard[] = [];
  const names = new Set<string>();
  let from = 0;
  for (const rows of rowsOfShards) {
    const values = data.subarray(from * dimensions, (from + rows) * dimensions);
    const bytes = formatDescriptors({ count: rows, dimensions, data: values }, precision);
    const shard = { rows, sha256: sha256OfBytes(bytes) };
    await writeFileAtomic(shardPathOf(path, shard, precision), bytes);
    shards.push(shard);
    names.add(shardNameOf(shard.sha256, precision));
    from += rows;
  }
  await writeFileAtomic(path, tableBytes({ count, dimensions, precision }, shards));
  return [...names];
}

/** Descriptors as arrays in this thread, in the order of their rows: one, and of mapped ones one a file. */
export function arraysOf(descriptors: StoredDescriptors | MappedDescriptors): readonly StoredDescriptors[] {
  if (!('segments' in descriptors)) return [descriptors];
  return descriptors.segments.map(({ count, address, bytes }) =>
    arraysIn({ ...descriptors, count }, bytesAt(address, bytes), DESCRIPTOR_HEADER_BYTES),
  );
}

/** Values, and scales where there are some, as a file has them, from a byte of the memory on. */
export function arraysIn(header: DescriptorHeader, memory: ArrayBufferLike, from: number): StoredDescriptors {
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

/** One row of what lies in several arrays, as it is kept. */
export function rowOf(parts: readonly StoredDescriptors[], row: number): StoredDescriptors {
  let first = 0;
  for (const part of parts) {
    const at = row - first;
    first += part.count;
    if (row >= first) continue;
    const { dimensions } = part;
    const one = { count: 1, dimensions };
    const [from, to] = [at * dimensions, (at + 1) * dimensions];
    if (isFloats(part)) return { ...one, data: part.data.slice(from, to) };
    if (part.precision === 'f16') return { ...one, precision: 'f16', data: part.data.slice(from, to) };
    const scales = part.scales.slice(at, at + 1);
    return { ...one, precision: 'i8', data: part.data.slice(from, to), scales };
  }
  throw new SkyfixError('INTERNAL', `Row ${row} of ${first} is not there.`);
}
