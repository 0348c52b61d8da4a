// Which graph an index gets: what was asked for, and what its size asks for.
import {
  type DescriptorShape,
  EXACT_PRODUCTS,
  type GraphPrecision,
  type IndexKind,
} from '../src/search/index.js';
import type { IndexManifest } from '../src/versions/index.js';

/** none: all tiles are compared. hnswlib: read into memory. usearch: mapped. auto: by size. */
export const GRAPH_ENGINES = ['auto', 'none', 'hnswlib', 'usearch'] as const;
export type GraphEngine = (typeof GRAPH_ENGINES)[number];

export type GraphChoice = Partial<
  Pick<IndexManifest['graph'], 'm' | 'efConstruction' | 'efSearch' | 'seed'>
> & {
  /** Default: auto. */
  readonly engine?: GraphEngine | undefined;
  /** How usearch holds vectors. Default: i8; scores are computed from the descriptors all the same. */
  readonly precision?: GraphPrecision | undefined;
};

/** hnswlib's graph and the descriptors are both in memory: with so many bytes of descriptors that is a gigabyte. */
const USEARCH_FROM_BYTES = 512 * 2 ** 20;

const GRAPH = { m: 16, efConstruction: 200, efSearch: 128, seed: 100 } as const;

export function chooseGraph(
  { count, dimensions }: DescriptorShape,
  { engine = 'auto', precision = 'i8', ...given }: GraphChoice = {},
): IndexManifest['graph'] {
  const kind = engine === 'auto' ? kindFor(count * dimensions) : engine === 'hnswlib' ? 'hnsw' : engine;
  return { kind, ...GRAPH, ...given, ...(kind === 'usearch' ? { precision } : {}) };
}

/** A region of which a server compares all tiles anyway needs no graph. */
function kindFor(products: number): IndexKind {
  if (products <= EXACT_PRODUCTS) return 'none';
  return products * 4 >= USEARCH_FROM_BYTES ? 'usearch' : 'hnsw';
}
