// The town: open data that ships by being reproducible. A procedural scene with height, seen twice: from above
// as a georeferenced mosaic, and from its streets as panoramas, with the differences that real views have.

export type { TownProgress, TownSummary } from './files/make-folder.js';
export { writeContactSheetOf } from './files/world-sheets.js';
export {
  CAMERA_HEIGHT_M,
  DEFAULT_TOWN,
  TILE_M,
  TOWN_GAPS,
  type TownGaps,
  type TownOptions,
} from './scene/options.js';
export { REAL_PLACES } from './statistics/real-places.js';
export { statisticsTable } from './statistics/table.js';
export { type WorldStatistics, worldStatistics } from './statistics/world-statistics.js';
export { makeTown } from './town.js';
export { DEFAULT_WORLD, type WorldOptions } from './world/options.js';
export type { World } from './world/parameters.js';
export { STYLE_NAMES } from './world/styles.js';
export { makeWorld } from './world.js';
