// Which generated view belongs to which unlabelled tile: Algorithm 1 of the paper, its baselines behind one
// interface, and the labels that training may see.
export { fixedStrategy, marginStrategy, ucvglStrategy } from './baselines.js';
export { type CandidateScores, scoreCandidates } from './candidate-scores.js';
export {
  type DynamicThresholdOptions,
  dynamicStrategy,
  histogramPeak,
  type LambdaOptions,
  lambdaSchedule,
} from './dynamic-threshold.js';
export { LABEL_FRACTIONS, labelledRows, unlabelledSample } from './labelled-rows.js';
export { PairLabels } from './pair-labels.js';
export { momentOf, type SelfTrainingSchedule } from './schedule.js';
export {
  type PrecisionFigures,
  type PseudoPair,
  precision,
  type Selection,
  type SelectionMoment,
  type SelectionStrategy,
} from './selection.js';
export { createStrategy, type StrategyOptions } from './strategies.js';
