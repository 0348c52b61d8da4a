// Images: a data set made into stores of BEVs, panoramas and tiles, once, by the functions that serving uses.
export { decodeSource, type PanoramaSource } from './image-jobs.js';
export {
  type PrepareOptions,
  panoramaSourceOf,
  prepareArea,
  prepareUnlabelledTiles,
  prepareUnpaired,
} from './prepare.js';
export { inputsOf, type PreparedArea, type PreparedPanoramas, type PreparedTiles } from './prepared-area.js';
