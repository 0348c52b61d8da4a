// What is asked of an index, checked; and descriptors and hits as messages between threads, each in one buffer.
import { unitLengthFault } from '../engines/index.js';
import { SkyfixError } from '../errors/index.js';
import type { Hit, LookPairs } from './types.js';

const wrong = (what: string) => new SkyfixError('INTERNAL', what);

/**
 * Throws INTERNAL for a descriptor of the wrong size or not of unit length (NaN and infinity are not), or k < 1: callers
 * of a server have no say in these.
 */
export function checkQuery(descriptor: Float32Array, dimensions: number, k: number): void {
  if (descriptor.length !== dimensions) {
    throw wrong(`The descriptor has ${descriptor.length} dimensions, the index ${dimensions}.`);
  }
  const fault = unitLengthFault(descriptor);
  if (fault) throw wrong(`The descriptor to search for ${fault}.`);
  if (!Number.isInteger(k) || k < 1) throw wrong(`k is ${k}; it must be a whole number over 0.`);
}

/** Throws INTERNAL where a pair names a descriptor or a row that is not there. */
export function checkPairs({ looks, rows }: LookPairs, descriptors: number, count: number): void {
  if (looks.length !== rows.length)
    throw wrong(`${looks.length} looks and ${rows.length} rows are no pairs.`);
  for (let k = 0; k < looks.length; k++) {
    if ((looks[k] as number) >= descriptors || (rows[k] as number) >= count) {
      throw wrong(`Look ${looks[k]} of ${descriptors} and row ${rows[k]} of ${count} are no pair.`);
    }
  }
}

/** Throws INTERNAL for no rows, and for one that is not there. */
export function checkRows(rows: Uint32Array, count: number): void {
  if (rows.length === 0) throw wrong('There are no rows to compare with.');
  for (const row of rows) if (row >= count) throw wrong(`Row ${row} of ${count} is not there.`);
}

/** [n * D]: the descriptors one behind the other, in a buffer of their own. */
export function packed(descriptors: readonly Float32Array[], dimensions: number): Float32Array {
  const all = new Float32Array(descriptors.length * dimensions);
  for (const [k, descriptor] of descriptors.entries()) all.set(descriptor, k * dimensions);
  return all;
}

/** The descriptors again. */
export function unpacked(all: Float32Array, dimensions: number): Float32Array[] {
  return Array.from({ length: all.length / dimensions }, (_, k) =>
    all.subarray(k * dimensions, (k + 1) * dimensions),
  );
}

/** Hits by column. */
export interface PackedHits {
  readonly rows: Uint32Array;
  readonly scores: Float64Array;
}

export function packedHits(hits: readonly Hit[]): PackedHits {
  const rows = new Uint32Array(hits.length);
  const scores = new Float64Array(hits.length);
  for (const [k, { row, score }] of hits.entries()) {
    rows[k] = row;
    scores[k] = score;
  }
  return { rows, scores };
}

export function unpackedHits({ rows, scores }: PackedHits): Hit[] {
  return Array.from({ length: rows.length }, (_, k) => ({
    row: rows[k] as number,
    score: scores[k] as number,
  }));
}
