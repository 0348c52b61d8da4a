// What finds near rows without looking at all of them, as the thread holds it that searches. Scores are computed from the
// descriptors themselves: a graph only names candidates.
import { bitsOfRows } from './row-collector.js';

/** Rows among which is searched. */
export interface RowSet {
  /** Sorted. */
  readonly rows: Uint32Array;
  /** Bit row % 8 of byte row >> 3. */
  readonly bits: Uint8Array;
}

/** The set of these sorted rows. */
export function rowSetOf(rows: Uint32Array, count: number): RowSet {
  return { rows, bits: bitsOfRows(rows, count) };
}

export interface Graph {
  /**
   * Rows near the query, in no order: k of them, or as many as are kept while searching; fewer where it finds no more.
   * More effort (rows that are kept) misses fewer.
   */
  nearest(query: Float32Array, k: number, effort: number, allowed?: RowSet): ArrayLike<number>;
}
