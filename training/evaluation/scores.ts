// Cosine similarities in blocks: four descriptors against four at a time, so that what is loaded is used four times.
// Every score is summed in the same order in double precision and rounded once, wherever its pair lies in a block:
// equal descriptors give equal scores to the last bit, which strict ranking stands on.

/** Unit descriptors, [count, dimensions] row-major. */
export interface Descriptors {
  readonly count: number;
  readonly dimensions: number;
  readonly data: Float32Array;
}

/** Scores of some queries against some rows of a gallery: score (q, g) at [q * rows + g]. */
export interface ScoreBlock {
  readonly firstQuery: number;
  readonly queries: number;
  readonly firstRow: number;
  readonly rows: number;
  /** [queries * rows], valid until the next block. */
  readonly scores: Float32Array;
}

/** Block sides: 48 and 64 descriptors of 1024 doubles are 0.9 MB, which stay in the second-level cache. */
const QUERIES = 48;
const ROWS = 64;

/** Calls `visit` with every block of the score matrix; all blocks of the same queries come one after the other. */
export function eachScoreBlock(
  queries: Descriptors,
  gallery: Descriptors,
  visit: (block: ScoreBlock) => void,
): void {
  const { dimensions } = gallery;
  if (queries.dimensions !== dimensions) {
    throw new RangeError(`Queries have ${queries.dimensions} dimensions, the gallery ${dimensions}.`);
  }
  const a = new Float64Array(QUERIES * dimensions);
  const b = new Float64Array(ROWS * dimensions);
  const scores = new Float32Array(QUERIES * ROWS);
  for (let firstQuery = 0; firstQuery < queries.count; firstQuery += QUERIES) {
    const ofQueries = fill(a, queries, firstQuery, QUERIES);
    for (let firstRow = 0; firstRow < gallery.count; firstRow += ROWS) {
      const rows = fill(b, gallery, firstRow, ROWS);
      scoreBlock(a, ofQueries, b, rows, dimensions, scores);
      visit({ firstQuery, queries: ofQueries, firstRow, rows, scores });
    }
  }
}

/** Copies up to `most` descriptors from `first` on, and zeros up to a multiple of four; returns how many there were. */
function fill(out: Float64Array, from: Descriptors, first: number, most: number): number {
  const count = Math.min(most, from.count - first);
  out.set(from.data.subarray(first * from.dimensions, (first + count) * from.dimensions));
  out.fill(0, count * from.dimensions);
  return count;
}

function scoreBlock(
  a: Float64Array,
  queries: number,
  b: Float64Array,
  rows: number,
  n: number,
  out: Float32Array,
): void {
  const quad = new Float64Array(16);
  for (let q = 0; q < queries; q += 4) {
    for (let g = 0; g < rows; g += 4) {
      fourByFour(a, q * n, b, g * n, n, quad);
      for (let x = 0; x < 4 && q + x < queries; x++) {
        for (let y = 0; y < 4 && g + y < rows; y++) out[(q + x) * rows + g + y] = quad[x * 4 + y] as number;
      }
    }
  }
}

/** The sixteen dot products of four descriptors from `a` with four from `b`. */
function fourByFour(a: Float64Array, a0: number, b: Float64Array, b0: number, n: number, out: Float64Array) {
  for (let x = 0; x < 4; x += 2) {
    const [p, q] = [a0 + x * n, a0 + (x + 1) * n];
    const [r, s, t, u] = [b0, b0 + n, b0 + 2 * n, b0 + 3 * n];
    let [pr, ps, pt, pu, qr, qs, qt, qu] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let k = 0; k < n; k++) {
      const ap = a[p + k] as number;
      const aq = a[q + k] as number;
      const br = b[r + k] as number;
      const bs = b[s + k] as number;
      const bt = b[t + k] as number;
      const bu = b[u + k] as number;
      pr += ap * br;
      ps += ap * bs;
      pt += ap * bt;
      pu += ap * bu;
      qr += aq * br;
      qs += aq * bs;
      qt += aq * bt;
      qu += aq * bu;
    }
    out.set([pr, ps, pt, pu, qr, qs, qt, qu], x * 4);
  }
}
