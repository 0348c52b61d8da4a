// The thread that holds a region's tiles: it answers with places, so that nothing of a search is done by who asks.
import { Catalogue, HeldIndex, indexAnswers, queryReader } from '../search/index.js';
import { serveRequests } from '../threads/index.js';
import { findPlaces, findTiles } from './find-places.js';
import type { PlaceRequests, PlaceSetup } from './place-requests.js';

await serveRequests<PlaceRequests, PlaceSetup>(({ catalogue: parts, ...setup }) => {
  const index = new HeldIndex(setup);
  const queriesOf = queryReader(setup);
  const catalogue = new Catalogue(parts);
  const looksOf = ({ offsets, descriptors }: { offsets: Float64Array; descriptors: Float32Array }) =>
    queriesOf(descriptors).map((descriptor, k) => ({
      eastM: offsets[2 * k] as number,
      northM: offsets[2 * k + 1] as number,
      descriptor,
    }));
  const tiles = { index, catalogue };
  return {
    answers: {
      ...indexAnswers(index, queriesOf),
      places: (request) => findPlaces(tiles, looksOf(request), request),
      tiles: (request) => findTiles(tiles, looksOf(request), request),
    },
  };
});
