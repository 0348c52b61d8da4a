// Calibration: the few numbers that make probabilities of scores, and how good probabilities are told to be.
export {
  CALIBRATION_JSON_SCHEMA,
  CALIBRATION_SCHEMA,
  CALIBRATION_SOURCES,
  type Calibration,
  type CalibrationFacts,
  type CalibrationSource,
  calibrationFault,
  checkCalibration,
  type NoneWeights,
  type PlaceWeights,
  TRAINING_FREE,
} from './calibration.js';
export {
  areaUnderRoc,
  expectedCalibrationError,
  type Forecast,
  type ReliabilityBin,
  type RiskPoint,
  reliability,
  riskAt,
  riskCoverage,
} from './figures.js';
