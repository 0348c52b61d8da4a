// The rows nearest to some descriptors, as a collection's graph names them.
import type { Hit } from '../search/index.js';
import type { CallOptions, Cluster } from './cluster.js';
import { CELLS } from './collections.js';
import { nearAny, SEARCH, withAny } from './protocol.js';
import { rowOfUuid } from './row-ids.js';

export interface Nearest {
  /** Or an alias of one. */
  readonly collection: string;
  /** Each row counts with the best of its cosines. */
  readonly queries: readonly Float32Array[];
  readonly limit: number;
  /** Only rows in these cells. */
  readonly cells?: readonly string[] | undefined;
}

/** Best first; a row of something else is NaN. Throws CLUSTER_UNAVAILABLE. */
export async function nearestRows(
  cluster: Cluster,
  { collection, queries, limit, cells }: Nearest,
  options: CallOptions = {},
): Promise<readonly Hit[]> {
  const question = {
    collection,
    properties: {},
    metadata: { uuid: true, distance: true },
    limit,
    nearVector: nearAny(queries),
    ...(cells ? { filters: withAny(CELLS, cells) } : {}),
    uses_127Api: true,
  };
  const { results } = await cluster.call(SEARCH, question, options);
  // The dot product's distance is its negative.
  return results.map(({ metadata }) => ({
    row: rowOfUuid(metadata.id),
    score: Math.max(-1, Math.min(1, -metadata.distance)),
  }));
}
