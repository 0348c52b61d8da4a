// Where the descriptors of a version are cut into files: at the edges of aligned squares of its lattice, which are runs of the
// Hilbert curve whose order rows are in. Squares lie where they do whatever is built beside them, so one whose tiles stay is the
// same file in the next version; and the rows, one shard behind the other, are those of a single file. (The shards of shards.ts
// are others: what a build that was killed goes on from.)
import type { TileSource } from './tile-source.js';

/** Positions of the curve a shard: 64 x 64 cells. */
const SHARD_CELLS = 4096;

/**
 * The rows of each shard of a version with these tiles, in their order. None, for one file, where there are no more tiles than
 * one shard may have, and for tiles on no lattice: those are never updated.
 */
export function rowsOfShards(
  source: Pick<TileSource, 'strideM' | 'position'>,
  numbers: readonly number[],
  shardCells = SHARD_CELLS,
): readonly number[] {
  if (source.strideM === null || numbers.length <= shardCells) return [];
  const rows: number[] = [];
  let square = Number.NaN;
  for (const number of numbers) {
    const own = Math.floor(source.position(number) / shardCells);
    if (own !== square) rows.push(0);
    square = own;
    rows[rows.length - 1] = (rows[rows.length - 1] as number) + 1;
  }
  return rows;
}
