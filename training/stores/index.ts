// Stores: where images of one size, and feature maps of them, wait for training without lying in memory.
export {
  type FeatureMap,
  type FeatureShape,
  type FeatureStore,
  FeatureWriter,
  featureMapAt,
  featuresComplete,
  fileFeatures,
} from './feature-store.js';
export { finishFile } from './finish-file.js';
export { cropImages, type ImageSet, imageBytes } from './image-set.js';
export {
  bytesPerImage,
  centreStore,
  cropStore,
  digestOfStore,
  fileStore,
  type ImageStore,
  imageOfStore,
  joinStores,
  memoryStore,
  openStore,
  type StoreHandle,
  selectStore,
} from './image-store.js';
export { isComplete, StoreFileWriter } from './store-file.js';
export { writeStore } from './write-store.js';
