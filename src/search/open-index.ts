// The one place that knows which indexes there are; a second one is a new entry here. What a version was built with, its
// manifest names (graph.kind).
import type { LifeEvents } from '../threads/index.js';
import type { Descriptors } from './descriptors.js';
import { HnswIndex } from './hnsw-index.js';
import type { VectorIndex } from './types.js';

/** What an index may need of a version; each takes what it uses. */
export interface IndexSource extends LifeEvents {
  /** The graph's file. */
  readonly path: string;
  readonly descriptors: Descriptors;
  readonly efSearch: number;
}

const INDEXES = {
  hnsw: ({ path, descriptors, efSearch, onDeath, onRecovered }) =>
    HnswIndex.open(path, descriptors, efSearch, { onDeath, onRecovered }),
} satisfies Record<string, (source: IndexSource) => Promise<VectorIndex>>;

export type IndexKind = keyof typeof INDEXES;

/** Opens the index of that kind. Throws INDEX_CORRUPT where it cannot be read or does not fit the descriptors. */
export function openVectorIndex(kind: IndexKind, source: IndexSource): Promise<VectorIndex> {
  return INDEXES[kind](source);
}
