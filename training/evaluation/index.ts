// Evaluation: figures of retrieval and of generated images, and what a query is put to for robustness.
export { confusionByDistrict, recallByDistrict } from './districts.js';
export { type ImageQuality, meanQuality } from './image-quality.js';
export { encoderCost, generatorCost, gridEncoderCost } from './network-cost.js';
export { type Change, PERTURBATIONS, type Perturbation, parseChange } from './perturbations.js';
export {
  chanceOf,
  type Descriptors,
  type DistanceFigures,
  distanceFigures,
  HIT_CURVE_RANKS,
  hitCurve,
  medianOf,
  type RecallFigures,
  recallOf,
} from './retrieval.js';
export { eachSimilarityBlock, highestOfRows } from './similarity-blocks.js';
export { rankGallery, strictRanks } from './strict-ranks.js';
