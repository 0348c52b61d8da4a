// Ablation: many runs, each in a process of its own, and the matrix of methods that the report compares.
export { type AblateOptions, ablate } from './ablate.js';
export { runInProcess } from './run-process.js';
