// The losses of the method, one file each, under their formulas.
export { cycleLoss } from './cycle.js';
export { type HardTripletOptions, hardTripletLoss } from './hard-triplet.js';
export { HistoryPool } from './history-pool.js';
export { INITIAL_LOG_SCALE, infoNceLoss } from './info-nce.js';
export { discriminatorLoss, generatorAdversarialLoss } from './lsgan.js';
export { PATCH_TEMPERATURE, patchContrastLoss, samplePositions } from './patch-contrast.js';
