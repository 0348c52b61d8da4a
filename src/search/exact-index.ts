// Exact search: every candidate is scored. The truth that other indexes are held against.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SkyfixError } from '../errors/index.js';
import type { PartState } from '../threads/index.js';
import type { Descriptors } from './descriptors.js';
import { checkPairs, checkQuery, checkRows } from './queries.js';
import { type AllowedRows, RowSet } from './row-set.js';
import { bestOfLooks, compareHits, placeOfHighest, TopK } from './top-k.js';
import type { Hit, LookPairs, VectorIndex } from './types.js';

/** Multiplications between two turns of the event loop: about 2 ms. */
const CHUNK_PRODUCTS = 2_000_000;

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

  async search(descriptor: Float32Array, k: number, given?: AllowedRows): Promise<readonly Hit[]> {
    const allowed = given && RowSet.from(given, this.count).rows;
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

  async searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: AllowedRows,
  ): Promise<readonly Hit[]> {
    const answers: (readonly Hit[])[] = [];
    for (const descriptor of descriptors) answers.push(await this.search(descriptor, k, allowed));
    return bestOfLooks(answers, k);
  }

  async cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array> {
    for (const descriptor of descriptors) checkQuery(descriptor, this.dimensions, 1);
    checkPairs(pairs, descriptors.length, this.count);
    const { looks, rows } = pairs;
    const cosines = new Float32Array(looks.length);
    const step = Math.max(1, Math.floor(CHUNK_PRODUCTS / this.dimensions));
    for (let k = 0; k === 0 || k < looks.length; k++) {
      if (k > 0 && k % step === 0) await nextTurn();
      if (!this.#descriptors) throw new SkyfixError('NOT_READY', 'The index is closed.');
      if (k === looks.length) break;
      const descriptor = descriptors[looks[k] as number] as Float32Array;
      cosines[k] = cosineOfRow(this.#descriptors.data, rows[k] as number, descriptor);
    }
    return cosines;
  }

  async mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    checkRows(rows, this.count);
    const found = new Uint32Array(descriptors.length);
    for (let k = 0; k < descriptors.length; k++) {
      const looks = new Uint32Array(rows.length).fill(k);
      found[k] = placeOfHighest(await this.cosines(descriptors, { looks, rows }));
    }
    return found;
  }

  async close(): Promise<void> {
    this.#descriptors = undefined;
  }
}
