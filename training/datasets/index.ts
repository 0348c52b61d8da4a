// Cross-view data sets as their authors publish them: lists and folders in, pairs of panorama and tiles out, with
// everything that is wrong named by file and line.
export {
  PUBLISHED_GROUND,
  type PublishedGround,
  type PublishedGroundName,
  publishedGeometry,
  publishedGround,
} from './ground.js';
export { decodeImages, fileImage, ImageReader, imageKey } from './images.js';
export { type MatArray, type MatStruct, parseMat, readMatFile } from './mat-file.js';
export { imagesOf, type OpenOptions, openDataset } from './open-dataset.js';
export { DEFAULT_PHOTOS, type PhotoOptions } from './photos.js';
export { PlaceGrid } from './place-grid.js';
export { type Problem, type Reason, refuse } from './problems.js';
export { samplePairs, writeContactSheet } from './sample.js';
export { formatSummary } from './summary.js';
export {
  type CrossViewDataset,
  type CrossViewPair,
  type DatasetFormat,
  type DatasetPanorama,
  type DatasetTile,
  FORMATS,
  type GroundMetadata,
  type ImageSize,
  type PairedTile,
  type TileImage,
} from './types.js';
export type { UnlabelledGrid } from './unlabelled-grid.js';
export { VIGOR_AREAS, VIGOR_TILE_PX, type VigorArea } from './vigor.js';
