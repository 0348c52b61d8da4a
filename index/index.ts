// Building indexes: imagery, tiles, descriptors, versions and their life cycle.

export { mergeAnswers, readAnswers, writeAnswers } from './answers-file.js';
export { type Area, readArea } from './area.js';
export {
  type Answers,
  type AskedAnswer,
  type AskedAnswers,
  type AskOptions,
  askLocated,
  LEAST_INSIDE,
  type Origin,
  withVersion,
} from './ask-located.js';
export { type AssembleOptions, assembleIndex } from './assemble.js';
export type { BasemapChoice } from './basemap.js';
export { buildIndex } from './build.js';
export type { BuildNote, BuildOptions, BuildStage, TileOptions, VersionOptions } from './build-options.js';
export { buildPart, type PartMade, type PartOptions, partName } from './build-part.js';
export {
  calibrate,
  calibrateBundle,
  checkCalibrated,
  checkCalibration,
  type FittedCalibration,
  writeCalibratedVersion,
} from './calibrate.js';
export { chooseGraph, GRAPH_ENGINES, type GraphChoice, type GraphEngine } from './choose-graph.js';
export { confidenceCharts } from './confidence-charts.js';
export { type GridCentres, gridCentres } from './grid.js';
export {
  cutTile,
  type ImageryBlock,
  type ImageryOptions,
  type ImagerySource,
  imageryIdentity,
  openImagery,
  type SampleRange,
} from './imagery/index.js';
export { type ListedRegion, type ListedVersion, listIndex } from './list.js';
export { MADE_UP, type MadeUp, madeUp } from './made-up-panoramas.js';
export { type PublishOptions, publishIndex } from './publish.js';
export { type RollbackOptions, rollbackIndex } from './rollback.js';
export { type GridOptions, openGrid } from './tile-grid.js';
export { openTilesCsv } from './tile-list.js';
export type { TileSource } from './tile-source.js';
export { type UpdateMade, type UpdateOptions, updateIndex } from './update.js';
export { type VerifyOptions, type VerifyReport, verifyIndex } from './verify.js';
export { type WeaviateTarget, writeToWeaviate } from './write-collection.js';
