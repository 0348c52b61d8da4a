// The thread that searches a region in a cluster: waiting for answers and voting among them blocks it and nothing else.
import { Catalogue, indexAnswers, queryReader } from '../search/index.js';
import { serveRequests } from '../threads/index.js';
import { FollowingIndex } from '../weaviate/index.js';
import { placeAnswers } from './place-answers.js';
import type { RemotePlaceRequests, RemotePlaceSetup } from './place-requests.js';

/** Requests that wait for the cluster at a time. */
const AT_ONCE = 16;

await serveRequests<RemotePlaceRequests, RemotePlaceSetup>(
  ({ catalogue: parts, projection, map, ...source }) => {
    const catalogue = new Catalogue(parts);
    // Its owner asks whether the cluster is there: a thread that starts again need not wait for that.
    const index = new FollowingIndex(source, catalogue);
    const queriesOf = queryReader({ descriptors: source, projection });
    return {
      answers: {
        ...indexAnswers(index, queriesOf),
        // While descriptors are fetched and vote the cluster is asked whether the search was whole.
        places: (request) =>
          index.inOne((one) => placeAnswers({ index: one, catalogue, map }, queriesOf).places(request)),
        tiles: (request) =>
          index.inOne((one) => placeAnswers({ index: one, catalogue }, queriesOf).tiles(request)),
        probe: ({ place }) => index.probe(place),
      },
      close: () => index.close(),
    };
  },
  { atOnce: AT_ONCE },
);
