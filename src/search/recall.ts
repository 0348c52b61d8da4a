// How much of the exact answer an index finds.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { normalPair, seededRandom } from '../random/index.js';
import type { Descriptors } from './descriptors.js';
import { scanRows } from './exact-index.js';
import type { VectorIndex } from './types.js';

export interface Recall {
  /** Share of queries whose best hit is as good as the exact best. */
  readonly at1: number;
  /** Share of the exact ten best (or all, where there are fewer) among the ten found. */
  readonly at10: number;
  readonly queries: number;
}

/** Scores of copies of one tile differ by rounding; a hit this close to the exact one is as good. */
const SAME_SCORE = 1e-6;
/** Length of the noise on a query whose descriptor has length 1: cosine to its origin is about 0.8. */
const NOISE = 0.75;

/**
 * Measures an index against exact search with seeded queries: rows drawn at random, with noise, as real queries lie
 * near tiles and never on them.
 */
export async function measureRecall(
  index: Pick<VectorIndex, 'search'>,
  descriptors: Descriptors,
  options: {
    readonly queries?: number | undefined;
    readonly seed: number;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<Recall> {
  const { seed, onProgress } = options;
  const queries = options.queries ?? defaultQueries(descriptors);
  const random = seededRandom(seed);
  let best = 0;
  let found = 0;
  let wanted = 0;
  for (let q = 0; q < queries; q++) {
    await nextTurn();
    const query = noisyRow(descriptors, Math.floor(random() * descriptors.count), random);
    const exact = scanRows(descriptors, query, 10);
    const hits = await index.search(query, 10);
    const last = exact[exact.length - 1]?.score ?? 0;
    if ((hits[0]?.score ?? -2) >= (exact[0]?.score ?? 0) - SAME_SCORE) best++;
    found += Math.min(exact.length, hits.filter((hit) => hit.score >= last - SAME_SCORE).length);
    wanted += exact.length;
    onProgress?.(q + 1, queries);
  }
  return { at1: best / queries, at10: found / wanted, queries };
}

/** 200, fewer where exact search takes long (20 G products are about 20 s), never under 50. */
function defaultQueries({ count, dimensions }: Descriptors): number {
  return Math.max(50, Math.min(200, Math.floor(2e10 / (count * dimensions))));
}

function noisyRow({ data, dimensions }: Descriptors, row: number, random: () => number): Float32Array {
  const query = data.slice(row * dimensions, (row + 1) * dimensions);
  const scale = NOISE / Math.sqrt(dimensions);
  let square = 0;
  for (let i = 0; i < dimensions; i++) {
    const value = (query[i] as number) + scale * normalPair(random)[0];
    query[i] = value;
    square += value * value;
  }
  const norm = Math.sqrt(square) || 1;
  return query.map((value) => value / norm);
}
