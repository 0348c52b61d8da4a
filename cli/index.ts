// Command line: what other packages of this repository use of it.
export { DEMO_REGION, followShippedDemo, installDemo } from './shared/demo-region.js';
export { engineOfEnvironment } from './shared/engine.js';
export { PACKAGE_ROOT } from './shared/package-root.js';
export {
  openProgress,
  openStageProgress,
  type Progress,
  type ProgressOptions,
  type StageProgress,
} from './shared/progress.js';
export { bundleDirOf } from './shared/shipped-bundles.js';
export { toolArguments, wholeArgument, wrongArgument } from './shared/tool-arguments.js';
export { main, skyfixCommand } from './skyfix.js';
