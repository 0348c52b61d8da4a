// Common: what several rooms need and that knows none of them: splits, places near one another.
export { APART_TILES, type SplitShares, splitOfBlock } from './blocks.js';
export { nearPlaces } from './near-places.js';
export { PlaceGrid } from './place-grid.js';
export { SPLITS, type Split } from './splits.js';
