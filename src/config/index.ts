// Configuration: the environment, read once at the start, checked against one schema, explained by --help.
export { clusterOf } from './cluster.js';
export { type Config, configHelp, configSchema, FORM_OVERHEAD_BYTES, loadConfig } from './load.js';
export { unknownVariables } from './unknown-variables.js';
export type { ConfigVariable } from './variable.js';
export { CONFIG_VARIABLES } from './variables.js';
