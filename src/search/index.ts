// Search: descriptors in, nearest tiles and places out; and reading the index versions that index/ publishes.
export { Catalogue, formatCatalogue, numberOf, readCatalogue } from './catalogue.js';
export { type CsvRow, csvField, parseCsv } from './csv.js';
export { type Descriptors, formatDescriptors, readDescriptorShape, readDescriptors } from './descriptors.js';
export { ExactIndex } from './exact-index.js';
export { buildHnswGraph, type GraphOptions, HnswIndex } from './hnsw-index.js';
export { INDEX_FILES, readIndexManifest } from './manifest.js';
export { mergePlaces, type PlaceHit, placeOfTile, searchLooks, searchPlaces } from './merge-places.js';
export {
  checkIndexFolder,
  checkRecall,
  DEFAULT_RECALL_GATE,
  type OpenIndexVersion,
  openIndexVersion,
} from './open-version.js';
export { measureRecall, type Recall } from './recall.js';
export {
  currentVersion,
  currentVersionDir,
  listRegions,
  listVersions,
  POINTER_SCHEMA,
  REGION_NAME,
  type RegionPointer,
  regionDir,
  regionsDir,
  VERSION_NAME,
  versionDir,
} from './region-store.js';
export { candidateLooks, type Look, type Offset, scorePositions, shiftsOntoTile } from './score-positions.js';
export { type Hit, INDEX_SCHEMA, type IndexManifest, type Tile, type VectorIndex } from './types.js';
