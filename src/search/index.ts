// Search: descriptors in, nearest tiles and places out; and reading the index versions that index/ publishes.
export { Catalogue } from './catalogue.js';
export { formatCatalogue, readCatalogue, writeCatalogue } from './catalogue-file.js';
export {
  type Descriptors,
  formatDescriptors,
  readDescriptorShape,
  readDescriptors,
  writeDescriptors,
} from './descriptors.js';
export { compareHits, ExactIndex } from './exact-index.js';
export { buildHnswGraph, HnswIndex, type HnswOptions } from './hnsw-index.js';
export type { GraphOptions } from './hnsw-requests.js';
export { type IndexKind, type IndexSource, openVectorIndex } from './open-index.js';
export { numberOf } from './read-columns.js';
export { measureRecall, type Recall } from './recall.js';
export type { Hit, Tile, VectorIndex } from './types.js';
