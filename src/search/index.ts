// Search: descriptors in, nearest tiles and places out; and reading the index versions that index/ publishes.

export { buildGraph, buildHnswGraph } from './build-graph.js';
export { Catalogue, type CatalogueParts } from './catalogue.js';
export { cataloguePieces, formatCatalogue, readCatalogue, writeCatalogue } from './catalogue-file.js';
export {
  type DescriptorHeader,
  type DescriptorShape,
  MOST_VALUES,
  SHARD_FOLDER,
} from './descriptor-format.js';
export {
  arraysOf,
  asFloats,
  type Descriptors,
  formatDescriptors,
  type MappedDescriptors,
  rowOf,
  type StoredDescriptors,
  writeDescriptorShards,
  writeDescriptors,
} from './descriptors.js';
export { ExactIndex } from './exact-index.js';
export { EXACT_PRODUCTS, HeldIndex } from './held-index.js';
export { indexAnswers } from './index-answers.js';
export {
  GRAPH_KINDS,
  GRAPH_PRECISIONS,
  type GraphKind,
  type GraphOptions,
  type GraphPrecision,
  INDEX_KINDS,
  type IndexKind,
  type IndexRequests,
  type IndexSetup,
} from './index-requests.js';
export {
  openDescriptors,
  readDescriptorHeader,
  readDescriptorShape,
  readDescriptors,
  readShardNames,
  readStored,
} from './open-descriptors.js';
export { DESCRIPTOR_PRECISIONS, type DescriptorPrecision, roundTo } from './precision.js';
export { type FittedProjection, fitProjection, Projector, projectAll, queryReader } from './projection.js';
export { checkPairs, checkQuery, checkRows, unpacked } from './queries.js';
export { numberOf } from './read-columns.js';
export { measureRecall, type Recall } from './recall.js';
export { RowProducts } from './row-products.js';
export { type AllowedRows, RowSet } from './row-set.js';
export { type Held, type IndexSource, openThread, ThreadedIndex } from './threaded-index.js';
export { bestOfLooks, compareHits, placeOfHighest } from './top-k.js';
export type { Hit, LookPairs, Tile, VectorIndex } from './types.js';
