// Places: where between the tiles the camera stood, and tiles that answer together.
export { mergePlaces, type PlaceHit, placeOfTile, searchLooks, searchPlaces } from './merge-places.js';
export { candidateLooks, type Look, type Offset, scorePositions, shiftsOntoTile } from './score-positions.js';
