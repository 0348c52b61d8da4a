// Weaviate: a distributed vector database as an index, for regions that one machine does not hold.
export { cellLengthFor } from './cells.js';
export { Cluster, type ClusterAddress, DEFAULT_DEADLINE_MS } from './cluster.js';
export {
  aliasOf,
  aliasTarget,
  type CollectionOptions,
  collectionOf,
  countObjects,
  createCollection,
  deleteCollection,
  generationIn,
  generationOf,
  listCollections,
  listGenerations,
  moveAlias,
  replicasOf,
} from './collections.js';
export { incompleteness, type ShardCounts } from './completeness.js';
export { rowsNotFound } from './find-rows.js';
export { FollowingIndex } from './following-index.js';
export { boundsOfGeohash, geohash } from './geohash.js';
export { type Nearest, nearestRows } from './nearest.js';
export { type CollectionPlace, type CollectionSource, WeaviateIndex } from './weaviate-index.js';
export {
  type RowProgress,
  type RowSource,
  rewriteRows,
  vectorOfRow,
  writeRows,
} from './write-rows.js';
export { type WrittenOptions, writtenShards } from './written-shards.js';
