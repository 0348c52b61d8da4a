// What scores are computed from: the descriptors of some rows, wherever they lie.
import type { Hit, LookPairs } from '../search/index.js';

/** Every method throws CLUSTER_UNAVAILABLE where descriptors come from a cluster that does not send them all. */
export interface KnownRows {
  /** Rows that may be asked for at a time by `descriptors`. */
  readonly mostRows: number;
  /** The cosine of each pair. */
  cosines(queries: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array>;
  /** For each query the place in `rows` of the first row with the highest cosine. */
  mostAlike(queries: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array>;
  /** The k best of `total` ascending rows, or more, in any order. */
  best(
    queries: readonly Float32Array[],
    k: number,
    rows: Iterable<number>,
    total: number,
  ): Promise<readonly Hit[]>;
  /** The descriptors themselves. */
  descriptors(rows: Uint32Array): Promise<readonly Float32Array[]>;
}
