// Common: what several rooms need and that knows none of them: seeded randomness, splits, places near one another.
export { APART_TILES, type SplitShares, splitOfBlock } from './blocks.js';
export { nearPlaces } from './near-places.js';
export { PlaceGrid } from './place-grid.js';
export { hash3, makeRng, type Rng } from './rng.js';
export { shuffled } from './shuffle.js';
export { SPLITS, type Split } from './splits.js';
export { asCodedError, type ErrorMessage, toErrorMessage } from './thread-errors.js';
