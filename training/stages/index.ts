// Stages: the three of training, generation, views and encoder, the fit of a grid encoder's head, and the loop that they share.

export { loadCheckpointStep } from './common/checkpoint.js';
export { describe, middleOf, type Square } from './common/descriptors.js';
export { featureStatistics } from './common/feature-statistics.js';
export { loadParts, RunStopped, type StageHooks, type StepReport, type Validation } from './common/loop.js';
export { loadEncoder, trainEncoder } from './encoder/encoder.js';
export { trainGenerator } from './generation/generation.js';
export { describeFeatures } from './head/describe-features.js';
export {
  type FeaturePairs,
  type PairCopy,
  type TurnedFeatures,
  type TurnedViews,
  turnedStores,
} from './head/feature-pairs.js';
export {
  type FitOptions,
  type FitPrior,
  type FitStatistics,
  fitHead,
  fitWithStatistics,
} from './head/fit.js';
export { statisticsFromArrays, statisticsToArrays } from './head/statistics-file.js';
export { type TuneOptions, tuneHead } from './head/tune.js';
export { eachView, viewsInMemory, writeViews } from './views/views.js';
