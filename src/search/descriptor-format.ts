// The files of descriptors. descriptors.f32, .f16 and .i8 hold all descriptors of an index, row by row, little-endian, behind
// a 32-byte header:
//   "SKYFIXD1" | uint32 format version | uint32 count | uint32 dimensions | uint32 kind of the values | 8 bytes zero
// Version 1 is float32 (kind 0), version 2 float16 (kind 1) or int8 (kind 2). Behind the int8s, from the next multiple of 4
// bytes on, one float32 for each row: what its bytes are multiplied by.
import { SkyfixError } from '../errors/index.js';
import { BYTES_PER_VALUE, type DescriptorPrecision } from './precision.js';

const MAGIC = 'SKYFIXD1';
export const DESCRIPTOR_HEADER_BYTES = 32;
const KINDS: Readonly<Record<DescriptorPrecision, { readonly kind: number; readonly version: number }>> = {
  f32: { kind: 0, version: 1 },
  f16: { kind: 1, version: 2 },
  i8: { kind: 2, version: 2 },
};
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

export function headerBytes({ count, dimensions, precision }: DescriptorHeader): Uint8Array {
  const header = new Uint8Array(DESCRIPTOR_HEADER_BYTES);
  header.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(header.buffer);
  const { version, kind } = KINDS[precision];
  [version, count, dimensions, kind].forEach((value, i) => {
    view.setUint32(8 + 4 * i, value, true);
  });
  return header;
}

/** Reads a header and holds it against the file's size. Throws INDEX_CORRUPT naming the file and what is wrong. */
export function headerOf(bytes: Buffer, size: number, path: string): DescriptorHeader {
  if (bytes.length < DESCRIPTOR_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw corrupt(path, `does not begin with "${MAGIC}"`);
  }
  const [version, count, dimensions, kind] = [8, 12, 16, 20].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const precision = PRECISIONS.find((name) => KINDS[name].version === version && KINDS[name].kind === kind);
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
  const header = { count, dimensions, precision };
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
