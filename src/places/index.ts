// Places: where between the tiles the camera stood, tiles that answer together, and priors.
export type { Look, Offset } from '../describe/index.js';
export type { SearchableTiles } from './find-places.js';
export { LookLattice } from './look-lattice.js';
export { mergePlaces, type PlaceHit, placesOfTiles } from './merge-places.js';
export { PlaceFinder } from './place-finder.js';
export { nearestInside, type Prior, rowsWithin } from './priors.js';
export { RemotePlaceFinder } from './remote-place-finder.js';
export {
  bestApart,
  planTrial,
  type ScoredPosition,
  type Surroundings,
  scorePositions,
  shiftsOntoTile,
  shiftsToNeighbours,
  type Trial,
  type TrialPlan,
  votesOfLooks,
} from './score-positions.js';
export { searchPlaces, searchTiles } from './search-places.js';
