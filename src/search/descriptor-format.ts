// The files of descriptors. descriptors.f32, .f16 and .i8 hold all descriptors of an index, row by row, little-endian, behind
// a 32-byte header:
//   "SKYFIXD1" | uint32 format version | uint32 count | uint32 dimensions | uint32 kind of the values | 8 bytes zero
// Version 1 is float32 (kind 0), version 2 float16 (kind 1) or int8 (kind 2). Behind the int8s, from the next multiple of 4
// bytes on, one float32 for each row: what its bytes are multiplied by.
// Version 3 holds no rows and names the files that do, its shards: what follows is uint32 number of shards | 4 bytes zero, and
// for each shard, in the order of their rows, uint32 rows | 32 bytes SHA-256. The shard's file is descriptors/SHA-256.KIND beside
// it (in hexadecimal; f32, f16 or i8), itself of version 1 or 2: the same rows have the same name in every version of an index.
import { dirname, join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { BYTES_PER_VALUE, type DescriptorPrecision } from './precision.js';

const MAGIC = 'SKYFIXD1';
export const DESCRIPTOR_HEADER_BYTES = 32;
const KINDS: Readonly<Record<DescriptorPrecision, { readonly kind: number; readonly version: number }>> = {
  f32: { kind: 0, version: 1 },
  f16: { kind: 1, version: 2 },
  i8: { kind: 2, version: 2 },
};
/** Of the file that names shards. */
const SHARDED_VERSION = 3;
const SHARD_ENTRY_BYTES = 36;
/** The folder of shards beside the file that names them. */
export const SHARD_FOLDER = 'descriptors';
/** The longest array there is. */
export const MOST_VALUES = 2 ** 32;
const PRECISIONS = Object.keys(KINDS) as DescriptorPrecision[];

export interface DescriptorShape {
  readonly count: number;
  readonly dimensions: number;
}

export interface DescriptorHeader extends DescriptorShape {
  readonly precision: DescriptorPrecision;
}

/** What a file says of itself. */
export interface FileHeader extends DescriptorHeader {
  /** Files that hold its rows; 0 where it holds them itself. */
  readonly shards: number;
}

/** A run of rows in a file of its own. */
export interface DescriptorShard {
  readonly rows: number;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

/** The name of a shard's file within its version, on every system with "/". */
export const shardNameOf = (sha256: string, precision: DescriptorPrecision): string =>
  `${SHARD_FOLDER}/${sha256}.${precision}`;

/** Where a shard lies that the file at `path` names. */
export const shardPathOf = (path: string, { sha256 }: DescriptorShard, precision: DescriptorPrecision) =>
  join(dirname(path), shardNameOf(sha256, precision));

/** Where the values end, and from where to where there are scales: bytes of the file. */
export function layoutOf({ count, dimensions, precision }: DescriptorHeader): {
  readonly valuesEnd: number;
  readonly scalesAt: number;
  readonly size: number;
} {
  const valuesEnd = DESCRIPTOR_HEADER_BYTES + count * dimensions * BYTES_PER_VALUE[precision];
  if (precision !== 'i8') return { valuesEnd, scalesAt: valuesEnd, size: valuesEnd };
  const scalesAt = Math.ceil(valuesEnd / 4) * 4;
  return { valuesEnd, scalesAt, size: scalesAt + 4 * count };
}

export function headerBytes({ count, dimensions, precision }: DescriptorHeader, shards = 0): Uint8Array {
  const header = new Uint8Array(DESCRIPTOR_HEADER_BYTES);
  header.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(header.buffer);
  const { version, kind } = KINDS[precision];
  [shards > 0 ? SHARDED_VERSION : version, count, dimensions, kind, shards].forEach((value, i) => {
    view.setUint32(8 + 4 * i, value, true);
  });
  return header;
}

/** The bytes of the file that names shards. */
export function tableBytes(header: DescriptorHeader, shards: readonly DescriptorShard[]): Uint8Array {
  const entries = Buffer.alloc(SHARD_ENTRY_BYTES * shards.length);
  for (const [k, { rows, sha256 }] of shards.entries()) {
    entries.writeUInt32LE(rows, SHARD_ENTRY_BYTES * k);
    entries.write(sha256, SHARD_ENTRY_BYTES * k + 4, 'hex');
  }
  return Buffer.concat([headerBytes(header, shards.length), entries]);
}

/** The shards that a file names, by all of its bytes. Throws INDEX_CORRUPT where they do not hold as many rows as it says. */
export function shardsIn(bytes: Buffer, { count, shards }: FileHeader, path: string): DescriptorShard[] {
  const found = Array.from({ length: shards }, (_, k): DescriptorShard => {
    const at = DESCRIPTOR_HEADER_BYTES + SHARD_ENTRY_BYTES * k;
    return { rows: bytes.readUInt32LE(at), sha256: bytes.toString('hex', at + 4, at + SHARD_ENTRY_BYTES) };
  });
  const rows = found.reduce((sum, shard) => sum + shard.rows, 0);
  if (rows === count && found.every((shard) => shard.rows > 0)) return found;
  throw corrupt(path, `names ${shards} shards of ${rows} rows together, and says that there are ${count}`);
}

/** Reads a header and holds it against the file's size. Throws INDEX_CORRUPT naming the file and what is wrong. */
export function headerOf(bytes: Buffer, size: number, path: string): FileHeader {
  if (bytes.length < DESCRIPTOR_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw corrupt(path, `does not begin with "${MAGIC}"`);
  }
  const field = (k: number) => bytes.readUInt32LE(8 + 4 * k);
  const [version, count, dimensions, kind] = [field(0), field(1), field(2), field(3)];
  const sharded = version === SHARDED_VERSION;
  const precision = PRECISIONS.find(
    (name) => KINDS[name].kind === kind && (sharded || KINDS[name].version === version),
  );
  if (!precision) {
    throw corrupt(
      path,
      `has format version ${version} with values of kind ${kind}, which is none known here`,
    );
  }
  if (count * dimensions > MOST_VALUES) {
    throw corrupt(
      path,
      `holds ${count} x ${dimensions} numbers, more than the ${MOST_VALUES} that one version can have`,
    );
  }
  const header = { count, dimensions, precision, shards: sharded ? field(4) : 0 };
  if (sharded) {
    const expected = DESCRIPTOR_HEADER_BYTES + SHARD_ENTRY_BYTES * header.shards;
    if (dimensions > 0 && header.shards > 0 && size === expected) return header;
    throw corrupt(path, `has ${size} bytes; to name ${header.shards} shards it needs ${expected}`);
  }
  const expected = layoutOf(header).size;
  if (dimensions === 0 || size !== expected) {
    const text = `has ${size} bytes; ${count} descriptors of ${dimensions} values need ${expected}`;
    throw corrupt(path, `${text}${precision === 'f32' ? '' : ` as ${precision}`}`);
  }
  return header;
}

export function corrupt(path: string, what: string): SkyfixError {
  return new SkyfixError('INDEX_CORRUPT', `${path} ${what}.`);
}
