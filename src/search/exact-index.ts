// Exact search: every candidate is scored. The truth that other indexes are held against.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unitLengthFault } from '../engines/index.js';
import { SkyfixError } from '../errors/index.js';
import type { PartState } from '../threads/index.js';
import type { Descriptors } from './descriptors.js';
import { TopK } from './top-k.js';
import type { Hit, VectorIndex } from './types.js';

/** Multiplications between two turns of the event loop: about 2 ms. */
const CHUNK_PRODUCTS = 2_000_000;

/**
 * Throws INTERNAL for a descriptor of the wrong size or not of unit length (NaN and infinity are not), or k < 1: callers
 * of a server have no say in these.
 */
export function checkQuery(descriptor: Float32Array, dimensions: number, k: number): void {
  const wrong = (what: string) => new SkyfixError('INTERNAL', what);
  if (descriptor.length !== dimensions) {
    throw wrong(`The descriptor has ${descriptor.length} dimensions, the index ${dimensions}.`);
  }
  const fault = unitLengthFault(descriptor);
  if (fault) throw wrong(`The descriptor to search for ${fault}.`);
  if (!Number.isInteger(k) || k < 1) throw wrong(`k is ${k}; it must be a whole number over 0.`);
}

/** The dot product of the query and a row, limited to [-1, 1]. Four sums, since additions then need not wait for each other. */
export function cosineOfRow(data: Float32Array, row: number, query: Float32Array): number {
  const { length } = query;
  const start = row * length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += (data[start + i] as number) * (query[i] as number);
    b += (data[start + i + 1] as number) * (query[i + 1] as number);
    c += (data[start + i + 2] as number) * (query[i + 2] as number);
    d += (data[start + i + 3] as number) * (query[i + 3] as number);
  }
  for (; i < length; i++) a += (data[start + i] as number) * (query[i] as number);
  return Math.max(-1, Math.min(1, a + b + (c + d)));
}

/** Best first; equal scores by row number. */
export function compareHits(a: Hit, b: Hit): number {
  return b.score - a.score || a.row - b.row;
}

/** Scans all rows or the allowed ones, or of these numbers `from` to `to` - 1, synchronously. */
export function scanRows(
  { count, data }: Descriptors,
  query: Float32Array,
  k: number,
  allowed?: Uint32Array,
  from = 0,
  to = allowed ? allowed.length : count,
): Hit[] {
  const best = new TopK(Math.min(k, to - from));
  for (let i = from; i < to; i++) {
    const row = allowed ? (allowed[i] as number) : i;
    if (row < count) best.add(row, cosineOfRow(data, row, query));
  }
  return best.hits();
}

/** Queries that share the reading of a row. */
const GROUP = 8;
/** Fewer of a group are quicker one by one: a group takes as long as four or five single ones, however many are in it. */
const FEW = 4;

/** The cosines of each query with the given rows; the same bits in whatever company a query is. */
export function similaritiesOf(
  { data, dimensions }: Descriptors,
  queries: readonly Float32Array[],
  rows: Uint32Array,
): Float32Array[] {
  const out = queries.map(() => new Float32Array(rows.length));
  const rest = queries.length % GROUP;
  const grouped = rest < FEW ? queries.length - rest : queries.length;
  const groups = Math.ceil(grouped / GROUP);
  const single = queries.slice(grouped).map((query) => Float64Array.from(query));
  // As numbers of 64 bits, so that none is converted in the loop; those of a group lie side by side.
  const packed = new Float64Array(groups * GROUP * dimensions);
  queries.slice(0, grouped).forEach((query, k) => {
    const first = Math.floor(k / GROUP) * GROUP * dimensions + (k % GROUP);
    for (let d = 0; d < dimensions; d++) packed[first + d * GROUP] = query[d] as number;
  });
  const row = new Float64Array(dimensions);
  const sums = new Float64Array(GROUP);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * dimensions;
    for (let d = 0; d < dimensions; d++) row[d] = data[start + d] as number;
    for (let g = 0; g < groups; g++) {
      addProducts(row, packed, g * GROUP * dimensions, sums);
      for (let k = 0; k < GROUP && g * GROUP + k < queries.length; k++) {
        (out[g * GROUP + k] as Float32Array)[i] = Math.max(-1, Math.min(1, sums[k] as number));
      }
    }
    for (const [k, query] of single.entries()) {
      (out[grouped + k] as Float32Array)[i] = Math.max(-1, Math.min(1, productOf(row, query)));
    }
  }
  return out;
}

/** Added up in the order of addProducts. */
function productOf(row: Float64Array, query: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] as number) * (query[i] as number);
  return sum;
}

/**
 * The dot products of a row with the group of queries that begins at packed[at]; one variable a sum, which stays in a
 * register.
 */
function addProducts(row: Float64Array, packed: Float64Array, at: number, sums: Float64Array): void {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0, q = at; i < row.length; i++, q += GROUP) {
    const value = row[i] as number;
    a += value * (packed[q] as number);
    b += value * (packed[q + 1] as number);
    c += value * (packed[q + 2] as number);
    d += value * (packed[q + 3] as number);
    e += value * (packed[q + 4] as number);
    f += value * (packed[q + 5] as number);
    g += value * (packed[q + 6] as number);
    h += value * (packed[q + 7] as number);
  }
  sums.set([a, b, c, d, e, f, g, h]);
}

/** Exact search in this thread, in slices that leave the event loop free. */
export class ExactIndex implements VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  #descriptors: Descriptors | undefined;

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
    this.dimensions = descriptors.dimensions;
    this.count = descriptors.count;
  }

  get state(): PartState {
    return this.#descriptors ? 'ready' : 'closed';
  }

  async search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]> {
    checkQuery(descriptor, this.dimensions, k);
    const total = allowed ? allowed.length : this.count;
    if (total === 0) return [];
    const step = Math.max(1, Math.floor(CHUNK_PRODUCTS / this.dimensions));
    let best: Hit[] = [];
    for (let from = 0; from === 0 || from < total; from += step) {
      if (from > 0) await nextTurn();
      if (!this.#descriptors) throw new SkyfixError('NOT_READY', 'The index is closed.');
      const part = scanRows(this.#descriptors, descriptor, k, allowed, from, Math.min(total, from + step));
      best = [...best, ...part].sort(compareHits).slice(0, k);
    }
    return best;
  }

  async similarities(
    descriptors: readonly Float32Array[],
    rows: Uint32Array,
  ): Promise<readonly Float32Array[]> {
    const out: Float32Array[] = [];
    for (const descriptor of descriptors) {
      checkQuery(descriptor, this.dimensions, 1);
      if (!this.#descriptors) throw new SkyfixError('NOT_READY', 'The index is closed.');
      out.push(...similaritiesOf(this.#descriptors, [descriptor], rows));
      await nextTurn();
    }
    return out;
  }

  async close(): Promise<void> {
    this.#descriptors = undefined;
  }
}
