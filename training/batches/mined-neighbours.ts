// Hard negatives by similarity (Sample4Geo, Deuser et al. 2023): which other tiles a query is taken for most easily.
import type { Descriptors } from '../evaluation/index.js';
import { eachSimilarityBlock, highestOfRows } from '../evaluation/index.js';

/**
 * For each query the numbers of its `k` most similar tiles, most similar first, without those that `exclude` lists for
 * it (its own tile, tiles of the same place, semi-positives); fewer where fewer are left. Of equally similar tiles the
 * lower number comes first. Throws RangeError where the dimensions differ or `exclude` has another length.
 * @param queries [n, d] unit descriptors
 * @param tiles [m, d] unit descriptors
 */
export function minedNeighbours(
  queries: Descriptors,
  tiles: Descriptors,
  k: number,
  exclude: readonly (readonly number[])[],
): Int32Array[] {
  if (exclude.length !== queries.count) {
    throw new RangeError(`${exclude.length} lists of tiles to leave out for ${queries.count} queries.`);
  }
  const neighbours = exclude.map(() => new Int32Array(0));
  eachSimilarityBlock(queries, tiles, (block, first) => {
    const rows = block.shape[0];
    const left = exclude.slice(first, first + rows).map((numbers) => new Set(numbers));
    const asked = Math.min(tiles.count, k + left.reduce((most, { size }) => Math.max(most, size), 0));
    const { columns } = highestOfRows(block, asked);
    left.forEach((out, row) => {
      const list = columns.subarray(row * asked, (row + 1) * asked).filter((tile) => !out.has(tile));
      neighbours[first + row] = list.slice(0, k);
    });
  });
  return neighbours;
}
