// Step 1 of Algorithm 1: how similar each unlabelled tile is to its candidates.

import type { Descriptors } from '../evaluation/index.js';
import { eachSimilarityBlock, highestOfRows } from '../evaluation/index.js';
import { tf } from '../runtime/index.js';

/** Arrays have one entry a tile, except where noted. */
export interface CandidateScores {
  /** The most similar view (the lower number of two equal ones); -1 where there is no view at all. */
  readonly best: Int32Array;
  /** Similarity of that view. */
  readonly top1: Float32Array;
  /** Similarity of the second view; -1, the lowest cosine, where there is only one. */
  readonly top2: Float32Array;
  /** c_i: the highest similarity to any candidate, clamped to [0, 1]. */
  readonly confidence: Float32Array;
  /** 1 where the tile is also the most similar one to its best view. */
  readonly mutual: Uint8Array;
  /** One entry a view: similarity of its second tile; -1 where there is only one. */
  readonly viewTop2: Float32Array;
}

/**
 * Scores every tile against every view. The pair is always a tile and a view; `extra` descriptors (real satellite
 * images, the paper's wider set of candidates) raise the confidence only, and must not hold the tiles themselves.
 * Throws RangeError where dimensions differ or a similarity is not a number.
 * @param tiles [n, d] unit descriptors of unlabelled tiles
 * @param views [m, d] unit descriptors of the generated views of ground images without a label
 */
export function scoreCandidates(
  tiles: Descriptors,
  views: Descriptors,
  extra?: Descriptors,
): CandidateScores {
  const best = new Int32Array(tiles.count).fill(-1);
  const top1 = new Float32Array(tiles.count).fill(-1);
  const top2 = new Float32Array(tiles.count).fill(-1);
  const viewBest = new Int32Array(views.count).fill(-1);
  const viewTop1 = new Float32Array(views.count).fill(Number.NEGATIVE_INFINITY);
  const viewTop2 = new Float32Array(views.count).fill(Number.NEGATIVE_INFINITY);

  eachSimilarityBlock(tiles, views, (block, first) => {
    const [rows, columns] = block.shape;
    const ofTiles = highestOfRows(block, 2);
    const width = Math.min(2, columns);
    for (let row = 0; row < rows; row++) {
      best[first + row] = ofTiles.columns[row * width] ?? -1;
      top1[first + row] = ofTiles.values[row * width] ?? Number.NaN;
      if (width > 1) top2[first + row] = ofTiles.values[row * width + 1] ?? Number.NaN;
    }
    const ofViews = highestOfRows(tf.transpose(block), 2);
    const height = Math.min(2, rows);
    for (let view = 0; view < columns; view++) {
      for (let k = 0; k < height; k++) {
        const value = ofViews.values[view * height + k] ?? Number.NaN;
        if (value > (viewTop1[view] ?? 0)) {
          viewTop2[view] = viewTop1[view] ?? 0;
          viewTop1[view] = value;
          viewBest[view] = first + (ofViews.columns[view * height + k] ?? 0);
        } else if (value > (viewTop2[view] ?? 0)) viewTop2[view] = value;
      }
    }
  });

  const highest = Float32Array.from(top1);
  if (extra) {
    eachSimilarityBlock(tiles, extra, (block, first) => {
      highestOfRows(block, 1).values.forEach((value, row) => {
        highest[first + row] = Math.max(highest[first + row] ?? value, value);
      });
    });
  }
  const wrong = highest.findIndex((value) => Number.isNaN(value));
  if (wrong >= 0) throw new RangeError(`The similarities of tile ${wrong} are not numbers.`);
  return {
    best,
    top1,
    top2,
    confidence: highest.map((value) => Math.min(1, Math.max(0, value))),
    mutual: Uint8Array.from(best, (view, tile) => (viewBest[view] === tile ? 1 : 0)),
    viewTop2: viewTop2.map((value) => (value === Number.NEGATIVE_INFINITY ? -1 : value)),
  };
}
