// The configuration of a run: one YAML file, checked before anything is computed.
export { type Difference, differences, everyField } from './every-field.js';
export { imageryOptionsOf } from './imagery-options.js';
export { inputOf, loadRunConfig, PRESETS, readRunConfig, resolveRunConfig, shiftPx } from './load-config.js';
export { REFERENCE_COMMAND, REFERENCE_FILES, referenceTexts } from './reference.js';
export type {
  DataSource,
  EvaluationArea,
  HeadConfig,
  HeadTuneConfig,
  ImageryFields,
  NetworkConfig,
  PublishConfig,
  QueryKind,
  RunConfig,
  RuntimeConfig,
  SelfTrainingConfig,
  Stage1Config,
  Stage3Config,
} from './run-config.js';
export { trainingSources } from './training-sources.js';
