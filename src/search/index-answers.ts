// What a thread that holds an index answers to IndexRequests.
import { type Handlers, moved } from '../threads/index.js';
import type { IndexRequests } from './index-requests.js';
import { packedHits } from './queries.js';
import type { VectorIndex } from './types.js';

/** `queriesOf` takes the queries of a message apart; see queryReader. */
export function indexAnswers(
  index: VectorIndex,
  queriesOf: (all: Float32Array) => Float32Array[],
): Handlers<IndexRequests> {
  return {
    search: async ({ queries, k, allowed }) =>
      packedHits(await index.searchLooks(queriesOf(queries), k, allowed)),
    mostAlike: ({ queries, rows }) => index.mostAlike(queriesOf(queries), rows),
    cosines: async ({ queries, pairs }) => {
      const cosines = await index.cosines(queriesOf(queries), pairs);
      return moved(cosines, [cosines.buffer as ArrayBuffer]);
    },
  };
}
