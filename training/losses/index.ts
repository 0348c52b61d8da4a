// The losses of the method, one file each, under their formulas.
export { cycleLoss } from './cycle.js';
export { type HardTripletOptions, hardTriplet } from './hard-triplet.js';
export { HistoryPool } from './history-pool.js';
export { INITIAL_LOG_SCALE, type InfoNceOptions, infoNce } from './info-nce.js';
export { discriminatorLoss, generatorLoss } from './lsgan.js';
export {
  PATCH_TEMPERATURE,
  type PatchContrastOptions,
  patchContrast,
  samplePositions,
} from './patch-contrast.js';
