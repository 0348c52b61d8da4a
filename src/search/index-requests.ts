// What the owners of indexes ask the thread that holds one.
import type { Descriptors, MappedDescriptors, StoredDescriptors } from './descriptors.js';
import type { PackedHits } from './queries.js';
import type { LookPairs } from './types.js';

/** hnsw: by hnswlib, read into memory. usearch: by usearch, mapped, for large regions. */
export const GRAPH_KINDS = ['hnsw', 'usearch'] as const;
export type GraphKind = (typeof GRAPH_KINDS)[number];
/** none: small regions have no graph, since comparing all rows is as quick. */
export const INDEX_KINDS = ['none', ...GRAPH_KINDS] as const;
export type IndexKind = (typeof INDEX_KINDS)[number];

/** How a usearch graph holds its vectors: the less, the smaller and quicker; scores are exact all the same. */
export const GRAPH_PRECISIONS = ['f32', 'f16', 'i8'] as const;
export type GraphPrecision = (typeof GRAPH_PRECISIONS)[number];

export interface GraphOptions {
  readonly m: number;
  /** Of usearch; f32 where absent. */
  readonly precision?: GraphPrecision | undefined;
  readonly efConstruction: number;
  readonly seed: number;
}

/** The index that a thread opens with. */
export interface IndexSetup {
  readonly kind: IndexKind;
  /** What a usearch graph was built with, which is checked. */
  readonly m?: number | undefined;
  readonly precision?: GraphPrecision | undefined;
  /** The graph's file; of none the descriptors', for messages. */
  readonly path: string;
  readonly descriptors: StoredDescriptors | MappedDescriptors;
  /** Queries are seen along these directions first: [dimensions of the descriptors, dimensions of queries]. */
  readonly projection?: Descriptors | undefined;
  readonly efSearch: number;
  /** Products (rows x dimensions) of which all are computed rather than the graph searched. */
  readonly exactProducts?: number | undefined;
}

export interface IndexRequests {
  search(request: {
    /** [n * D] */
    readonly queries: Float32Array;
    readonly k: number;
    readonly allowed?: Uint32Array;
  }): PackedHits;
  cosines(request: { readonly queries: Float32Array; readonly pairs: LookPairs }): Float32Array;
  mostAlike(request: { readonly queries: Float32Array; readonly rows: Uint32Array }): Uint32Array;
}

export interface BuildRequests {
  /** Writes the graph to `path`; reports the vectors added so far. */
  build(request: {
    readonly kind: GraphKind;
    readonly options: GraphOptions;
    readonly descriptors: Descriptors;
    readonly path: string;
  }): void;
}
