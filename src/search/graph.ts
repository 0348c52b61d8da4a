// What finds near rows without looking at all of them, as the thread holds it that searches. Scores are computed from the
// descriptors themselves: a graph only names candidates.
import type { RowSet } from './row-set.js';

export interface Graph {
  /**
   * Rows near the query, in no order: k of them, or as many as are kept while searching; fewer where it finds no more.
   * More effort (rows that are kept) misses fewer.
   */
  nearest(query: Float32Array, k: number, effort: number, allowed?: RowSet): ArrayLike<number>;
}
