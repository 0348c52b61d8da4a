// Pipeline: one run, from a data set to a bundle and its figures.

export { overHeights } from './camera-heights.js';
export { DEFAULT_BLOCKS } from './encoder-of.js';
export { type Embed, evaluateArea, servedBy } from './evaluate-area.js';
export {
  evaluateHeadings,
  type HeadingArea,
  type HeadingCase,
  type HeadingFigures,
  openHeadingArea,
} from './evaluate-headings.js';
export { exportRun } from './export-run.js';
export { onnxEmbed, onnxViews } from './onnx-embed.js';
export { openSource } from './open-source.js';
export {
  ownTowns,
  picturesOfDataset,
  picturesOfFolder,
  type QuantisationPictures,
} from './quantisation-pictures.js';
export { type QuantiseBundleOptions, quantiseBundle } from './quantise-bundle.js';
export { runTraining } from './run.js';
export { isOfRun } from './run-folder.js';
export { INTERRUPTED, runToEnd } from './run-to-end.js';
export { turnedCopies } from './turned-copies.js';
