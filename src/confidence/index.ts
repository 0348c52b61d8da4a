// Confidence: what an answer is worth. Scores become probabilities by a calibration, and circles that hold the camera; a
// verdict says whether to believe them.
export { type AnswerToAssess, type Assessment, assess, type Confidence } from './assess.js';
export {
  CANDIDATES,
  type Candidate,
  type Evidence,
  evidenceOf,
  NEAR_M,
  type ScoredPlace,
} from './evidence.js';
export {
  DEFAULT_OUTSIDE_SHARE,
  type FitOptions,
  fitCalibration,
  fitWeights,
  type LabelledAnswer,
  labelOf,
  quantiles,
} from './fit.js';
export { solve } from './linear.js';
export { type ConfidenceFigures, measure } from './measure.js';
export { type Probabilities, probabilitiesOf } from './probabilities.js';
export { type Chances, levelAt, type RadiusM, radiusAt } from './radius.js';
export { crossValidate, type Verified, verify } from './validate.js';
export {
  DEFAULT_THRESHOLDS,
  type ImageFacts,
  imageFault,
  type JudgedAnswer,
  judge,
  VERDICTS,
  type Verdict,
  type VerdictFacts,
  type VerdictThresholds,
} from './verdict.js';
