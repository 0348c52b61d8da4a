// The thread that reads a large catalogue and sorts its places: seconds of work for millions of tiles.
import { moved, serveRequests } from '../threads/index.js';
import type { CatalogueRequests } from './catalogue-requests.js';
import { readColumns } from './read-columns.js';
import { buffersOf } from './tile-columns.js';
import { TileTree } from './tile-tree.js';

await serveRequests<CatalogueRequests>(() => ({
  answers: {
    read: async ({ path, pieceBytes }) => {
      const columns = await readColumns(path, pieceBytes);
      const tree = new TileTree(columns.lons, columns.lats).data as ArrayBuffer;
      return moved({ columns, tree }, [...buffersOf(columns), tree]);
    },
  },
}));
