// Configuration: the environment, read once at the start, checked against one schema, explained by --help.
export { type Config, configSchema, describeConfig, loadConfig } from './load.js';
export { CONFIG_VARIABLES, type ConfigVariable } from './variables.js';
