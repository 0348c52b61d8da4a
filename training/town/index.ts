// The town: open data that ships by being reproducible. A procedural scene with height, seen twice: from above
// as a georeferenced mosaic, and from its streets as panoramas, with the differences that real views have.

export type { TownProgress, TownSummary } from './files/make-folder.js';
export {
  CAMERA_HEIGHT_M,
  DEFAULT_TOWN,
  TILE_M,
  TOWN_GAPS,
  type TownGaps,
  type TownOptions,
} from './scene/options.js';
export { makeTown } from './town.js';
export { DEFAULT_WORLD, type WorldOptions } from './world/options.js';
export type { World } from './world/parameters.js';
export { STYLE_NAMES } from './world/styles.js';
export { makeWorld } from './world.js';
