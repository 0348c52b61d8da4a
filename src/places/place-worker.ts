// The thread that holds a region's tiles: it answers with places, so that nothing of a search is done by who asks.
import { Catalogue, HeldIndex, indexAnswers, queryReader } from '../search/index.js';
import { serveRequests } from '../threads/index.js';
import { placeAnswers } from './place-answers.js';
import type { PlaceRequests, PlaceSetup } from './place-requests.js';

await serveRequests<PlaceRequests, PlaceSetup>(({ catalogue: parts, map, ...setup }) => {
  const index = new HeldIndex(setup);
  const queriesOf = queryReader(setup);
  const tiles = { index, catalogue: new Catalogue(parts), map };
  return { answers: { ...indexAnswers(index, queriesOf), ...placeAnswers(tiles, queriesOf) } };
});
