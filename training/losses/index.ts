// The losses of the method, one file each, under their formulas.
export { cycleLoss, IDENTITY_SHARE, identityLoss } from './cycle.js';
export { type HardTripletOptions, hardTriplet, samePlaces } from './hard-triplet.js';
export { HistoryPool } from './history-pool.js';
export {
  createLearnableScale,
  INITIAL_LOG_SCALE,
  type InfoNceOptions,
  infoNce,
  type LearnableScale,
} from './info-nce.js';
export { discriminatorLoss, generatorLoss } from './lsgan.js';
export {
  type ContrastImages,
  type EncodePair,
  type ImageContrastOptions,
  imageContrast,
  PATCH_TEMPERATURE,
  type PatchContrastOptions,
  pairedContrast,
  patchContrast,
  samplePositions,
} from './patch-contrast.js';
export { trunkPatches } from './trunk-features.js';
export { type TurnedContrastOptions, turnedContrast } from './turned-contrast.js';
