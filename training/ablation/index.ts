// Ablation: many runs, each in a process of its own, and the matrix of methods that the report compares; and the matrices of
// styles that a model was fitted on and is tested on.
export { type AblateOptions, ablate } from './ablate.js';
export { type HeadingsOptions, measureHeadings } from './headings.js';
export { runInProcess } from './run-process.js';
export { planText } from './style-plan.js';
export { measureStyles, type StylesOptions, type StylesSetup } from './styles.js';
export { stylesSetup } from './styles-setup.js';
