// Versions: index versions on disk, verified and opened; the folder of regions that index/ publishes to.

export { type CheckFilesOptions, recheckFiles } from './check-files.js';
export { checkDataFolder } from './data-folder.js';
export { keepDefaultRegion, readDefaultRegion, setDefaultRegion } from './default-region.js';
export {
  type BasemapManifest,
  type BuildRecord,
  CALIBRATION_FILE,
  CATALOGUE_FILE,
  catalogueFileOf,
  descriptorFileOf,
  filesOfIndex,
  graphFileOf,
  INDEX_SCHEMA,
  type IndexManifest,
  PROJECTION_FILE,
  readIndexManifest,
  shardFilesOf,
  TILE_DIGESTS_FILE,
} from './manifest.js';
export { AREA_FILE, BASEMAP_FILE, type MapFiles, type Outline } from './map-files.js';
export {
  checkIndexFolder,
  checkRecall,
  DEFAULT_RECALL_GATE,
  type OpenIndexVersion,
  openIndexVersion,
  type SearchCluster,
} from './open-version.js';
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
  writePointer,
} from './region-store.js';
export { readSearchPlace, type SearchPlace, writeSearchPlace } from './search-place.js';
export { SeenFiles } from './seen-files.js';
export { markServing, type ServingMark, type ServingProcess, servingProcesses } from './serving-marks.js';
