// Strict ranks and first answers of many queries in a large gallery. Matrix products in float32 tell most rows apart
// from the true one; those that are as similar as their rounding error are looked at again, summed in double precision
// in one order: equal descriptors tie to the last bit, so that a collapsed model, for which all do, scores zero.
import type { Descriptors } from './retrieval.js';
import { eachSimilarityBlock, highestOfRows, similarityError } from './similarity-blocks.js';

/** More than what is lost of a sum where its products are too small for float32. */
const UNDERFLOW = 1e-30;

export interface RankOptions {
  /**
   * Rows that count neither for nor against a query. VIGOR's semi-positives are such rows in the field's hit rate (Zhu
   * et al. 2021; Sample4Geo masks them): a tile that also shows the place is no error. Its recall counts them as
   * errors, so figures with and without must not be mixed.
   */
  readonly ignored?: readonly (readonly number[])[];
  /** How many first answers of each query are wanted; none without it. */
  readonly answers?: number;
}

export interface Ranking {
  /**
   * The number of other rows whose similarity, rounded to float32, is at least the true one's: 0 is best. NaN counts
   * as a miss.
   */
  readonly ranks: Int32Array;
  /** Rows of the most similar gallery descriptors of each query; the lower row of two equal ones first, NaN last. */
  readonly answers: readonly (readonly number[])[];
}

/**
 * Ranks each query's true gallery row, truth[query], among all rows. Never more than a block of similarities is in
 * memory. Throws RangeError where there is not one truth a query, or the dimensions differ.
 */
export function rankGallery(
  queries: Descriptors,
  gallery: Descriptors,
  truth: readonly number[],
  { ignored = [], answers: wanted = 0 }: RankOptions = {},
): Ranking {
  if (truth.length !== queries.count) {
    throw new RangeError(`${queries.count} queries have ${truth.length} truths.`);
  }
  const ranks = new Int32Array(queries.count);
  const answers = truth.map((): readonly number[] => []);
  const queryNorms = normsOf(queries);
  const longest = normsOf(gallery).reduce((most, norm) => (norm > most ? norm : most), 0);
  const error = similarityError(gallery.dimensions) * longest;
  eachSimilarityBlock(queries, gallery, (block, first) => {
    const [count, rows] = block.shape;
    const similarities = block.dataSync() as Float32Array;
    const k = Math.min(wanted, rows);
    const highest = k > 0 ? highestOfRows(block, k).values : new Float32Array();
    for (let q = 0; q < count; q++) {
      const query = first + q;
      const row: QueryRow = {
        similarities: similarities.subarray(q * rows, (q + 1) * rows),
        error: error * (queryNorms[query] as number) + UNDERFLOW,
        scores: (some) => dotsOf(queries, query, gallery, some),
      };
      const own = truth[query] as number;
      ranks[query] = strictRank(row, own, new Set([own, ...(ignored[query] ?? [])]));
      if (k > 0) answers[query] = mostSimilar(row, highest.subarray(q * k, (q + 1) * k));
    }
  });
  return { ranks, answers };
}

/** The strict ranks alone. */
export function strictRanks(
  queries: Descriptors,
  gallery: Descriptors,
  truth: readonly number[],
  ignored: readonly (readonly number[])[] = [],
): Int32Array {
  return rankGallery(queries, gallery, truth, { ignored }).ranks;
}

/** One query against the whole gallery. */
interface QueryRow {
  readonly similarities: Float32Array;
  /** How far a similarity may be off. */
  readonly error: number;
  /** The similarities of some gallery rows in double precision. */
  readonly scores: (rows: readonly number[]) => Float64Array;
}

/** `skipped` rows, the true one among them, do not count. */
function strictRank(
  { similarities, error, scores }: QueryRow,
  truth: number,
  skipped: ReadonlySet<number>,
): number {
  const there = (row: number) => row >= 0 && row < similarities.length;
  const [own = Number.NaN] = there(truth) ? scores([truth]) : [];
  const limit = Math.fround(own);
  const countOf = (rows: readonly number[]) => {
    let count = 0;
    for (const score of scores(rows)) if (!(Math.fround(score) < limit)) count++;
    return count;
  };
  const left = countOf([...skipped].filter(there));
  if (Number.isNaN(limit)) return similarities.length - left;
  const [low, high] = [limit - error, limit + error];
  const close: number[] = [];
  let better = 0;
  for (let row = 0; row < similarities.length; row++) {
    const similarity = similarities[row] as number;
    if (similarity > high) better++;
    else if (!(similarity < low)) close.push(row);
  }
  return better + countOf(close) - left;
}

/** The rows with the highest scores, as many as there are `highest` similarities (highest first). */
function mostSimilar({ similarities, error, scores }: QueryRow, highest: Float32Array): number[] {
  // So many rows score at least the last of these - error; one that surely scores less is not among the first. NaN
  // tells nothing: every row is looked at.
  const known = !highest.some(Number.isNaN);
  const low = known ? (highest.at(-1) as number) - 2 * error : Number.NEGATIVE_INFINITY;
  const close: number[] = [];
  for (let row = 0; row < similarities.length; row++) {
    if (!((similarities[row] as number) < low)) close.push(row);
  }
  const scored = Array.from(scores(close), (score, k) => ({
    row: close[k] as number,
    score: Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score,
  }));
  return scored
    .sort((a, b) => (a.score === b.score ? a.row - b.row : b.score - a.score))
    .slice(0, highest.length)
    .map(({ row }) => row);
}

/**
 * Dot products of a query with some rows of a gallery, each summed in double precision from the first dimension to the
 * last; four side by side, since an addition waits for the one before.
 */
function dotsOf(
  queries: Descriptors,
  query: number,
  { data, dimensions: n }: Descriptors,
  rows: readonly number[],
): Float64Array {
  const own = Float64Array.from(queries.data.subarray(query * n, (query + 1) * n));
  const out = new Float64Array(rows.length);
  const start = (k: number) => (rows[Math.min(k, rows.length - 1)] as number) * n;
  for (let k = 0; k < rows.length; k += 4) {
    const [p, q, r, s] = [start(k), start(k + 1), start(k + 2), start(k + 3)];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const value = own[i] as number;
      a += value * (data[p + i] as number);
      b += value * (data[q + i] as number);
      c += value * (data[r + i] as number);
      d += value * (data[s + i] as number);
    }
    out.set([a, b, c, d].slice(0, rows.length - k), k);
  }
  return out;
}

function normsOf({ count, dimensions, data }: Descriptors): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let k = row * dimensions; k < (row + 1) * dimensions; k++) sum += (data[k] as number) ** 2;
    return Math.sqrt(sum);
  });
}
