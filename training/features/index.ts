// Features: what a pretrained trunk gives for stored images, computed once by the engine that serves and kept in a cache.

export { cachedFeatures, type FeatureOptions, type TrunkFile } from './cached-features.js';
export { changedCopy } from './changed-copy.js';
export { changedImages, type FeatureImages, storedImages, turnedImages } from './feature-images.js';
export { type OverheadSensor, randomSensor, throughSensor, withNadirHole } from './overhead-sensor.js';
export { turnedViews, type ViewTurn } from './turned-views.js';
