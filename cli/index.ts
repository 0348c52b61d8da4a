// Command line: what other packages of this repository use of it.
export { DEMO_REGION, installDemo, installDemoWhereEmpty } from './demo-region.js';
export { PACKAGE_ROOT } from './package-root.js';
export {
  openProgress,
  openStageProgress,
  type Progress,
  type ProgressOptions,
  type StageProgress,
} from './progress.js';
export { main, skyfixCommand } from './skyfix.js';
