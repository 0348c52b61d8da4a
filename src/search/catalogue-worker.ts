// The thread that reads a large catalogue and sorts its places: seconds of work for millions of tiles.
import { serveRequests } from '../threads/index.js';
import type { CatalogueRequests } from './catalogue-requests.js';
import { readColumns } from './read-columns.js';
import { TileTree } from './tile-tree.js';

await serveRequests<CatalogueRequests>(() => ({
  answers: {
    read: async ({ path, pieceBytes }) => {
      const columns = await readColumns(path, pieceBytes);
      return { columns, tree: new TileTree(columns.lons, columns.lats).data };
    },
  },
}));
