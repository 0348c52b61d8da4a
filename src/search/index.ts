// Search: descriptors in, nearest tiles and places out; and reading the index versions that index/ publishes.
export { Catalogue, formatCatalogue, numberOf, readCatalogue } from './catalogue.js';
export { type Descriptors, formatDescriptors, readDescriptorShape, readDescriptors } from './descriptors.js';
export { compareHits, ExactIndex } from './exact-index.js';
export { buildHnswGraph, HnswIndex, type HnswOptions } from './hnsw-index.js';
export type { GraphOptions } from './hnsw-requests.js';
export { measureRecall, type Recall } from './recall.js';
export type { Hit, Tile, VectorIndex } from './types.js';
