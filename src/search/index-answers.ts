// What a thread that holds an index answers to IndexRequests.
import { type Handlers, moved } from '../threads/index.js';
import type { IndexRequests } from './index-requests.js';
import { packedHits, unpacked } from './queries.js';
import type { VectorIndex } from './types.js';

export function indexAnswers(index: VectorIndex): Handlers<IndexRequests> {
  return {
    search: async ({ queries, k, allowed }) =>
      packedHits(await index.searchLooks(unpacked(queries, index.dimensions), k, allowed)),
    mostAlike: ({ queries, rows }) => index.mostAlike(unpacked(queries, index.dimensions), rows),
    cosines: async ({ queries, pairs }) => {
      const cosines = await index.cosines(unpacked(queries, index.dimensions), pairs);
      return moved(cosines, [cosines.buffer as ArrayBuffer]);
    },
  };
}
