// Images: a data set made into stores of BEVs, panoramas and tiles, once, by the functions that serving uses.

export { changedBevs, panoramaSourceOf } from './ground-images.js';
export { decodeSource, type PanoramaSource, type PoseError } from './image-jobs.js';
export { prepareArea, prepareUnpaired } from './prepare.js';
export type { PrepareOptions } from './prepare-options.js';
export { inputsOf, type PreparedArea, type PreparedPanoramas, type PreparedTiles } from './prepared-area.js';
export { prepareUnlabelledTiles } from './tile-images.js';
