// Cross-view data sets as their authors publish them: lists and folders in, pairs of panorama and tiles out, with
// everything that is wrong named by file and line.
export { DEFAULT_PHOTOS, type PhotoOptions } from './formats/photos.js';
export { readTown } from './formats/town-places.js';
export type { UnlabelledGrid } from './formats/unlabelled-grid.js';
export { VIGOR_AREAS, VIGOR_TILE_PX, type VigorArea } from './formats/vigor.js';
export {
  cvusaTileM,
  PUBLISHED_GROUND,
  type PublishedGround,
  type PublishedGroundName,
  publishedGeometry,
  publishedGround,
} from './listing/ground.js';
export { decodeImages, fileImage, ImageReader, imageKey } from './listing/images.js';
export { positiveOf } from './listing/lists.js';
export type { MatArray, MatStruct } from './listing/mat-array.js';
export { parseMat, readMatFile } from './listing/mat-file.js';
export { FIELD_OF_VIEW_ADVICE, type Problem, type Reason, refuse } from './listing/problems.js';
export {
  type CrossViewDataset,
  type CrossViewPair,
  CUT_FORMATS,
  type DatasetFormat,
  type DatasetPanorama,
  type DatasetTile,
  FORMATS,
  type GroundMetadata,
  type ImageSize,
  type PairedTile,
  type TileImage,
} from './listing/types.js';
export { imagesOf, type OpenOptions, openDataset } from './open-dataset.js';
export { samplePairs } from './sample.js';
export { formatSummary } from './summary.js';
