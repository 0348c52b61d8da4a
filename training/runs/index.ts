// Runs: the folder of a run: its log, metrics, environment, times and result.
export { writeEnvironment } from './environment.js';
export { readMetrics } from './metrics-file.js';
export { openTrainingProgress, type Tell, type TrainingProgress } from './progress.js';
export {
  type QueryForm,
  type ReportedConfig,
  type RetrievalResult,
  type RunResult,
  readRunResult,
  type SelfTrainingUpdate,
} from './result.js';
export { fileName, METRICS_FILE, openRunLog, type RunLog } from './run-log.js';
export { sampleGrid } from './sample-grid.js';
export { readStageSeconds, type StageClock, timeStage, writeStageSeconds } from './stage-seconds.js';
export { summaryTable } from './summary-table.js';
export { writeTrainingReport } from './training-report.js';
