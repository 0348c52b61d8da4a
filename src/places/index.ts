// Places: where between the tiles the camera stood, tiles that answer together, and priors.
export type { Look, Offset } from '../describe/index.js';
export { LookLattice } from './look-lattice.js';
export { mergePlaces, type PlaceHit, placesOfTiles, searchLooks } from './merge-places.js';
export { nearestInside, type Prior, rowsWithin } from './priors.js';
export {
  bestApart,
  type Evidence,
  type ScoredPosition,
  scorePositions,
  shiftsOntoTile,
  shiftsToNeighbours,
  type Trial,
} from './score-positions.js';
export { type SearchableTiles, searchPlaces } from './search-places.js';
