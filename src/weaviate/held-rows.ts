// Descriptors of some rows of a collection, fetched with all rows of their cells, and kept as long as there is room.
import { SkyfixError } from '../errors/index.js';
import { type Catalogue, type Descriptors, type LookPairs, RowProducts } from '../search/index.js';
import type { Cluster } from './cluster.js';
import { CELLS } from './collections.js';
import { boundsOfGeohash, geohash } from './geohash.js';
import type { KnownRows } from './known-rows.js';
import { readVector, SEARCH, VECTOR, withAny } from './protocol.js';
import { rowOfUuid } from './row-ids.js';

/** Weaviate answers with no more objects at a time (QUERY_MAXIMUM_RESULTS is 10,000 unless told otherwise). */
export const MOST_RESULTS = 10_000;
/** And some bytes. */
const MOST_ANSWER_BYTES = 32 * 2 ** 20;

export interface HeldRowsOptions {
  readonly cluster: Cluster;
  readonly collection: string;
  readonly catalogue: Catalogue;
  readonly dimensions: number;
  /** Room for descriptors. */
  readonly cacheBytes: number;
  /** Length of the cells that are fetched whole. */
  readonly cellLength: number;
}

export class HeldRows implements KnownRows {
  readonly #options: HeldRowsOptions;
  /** Of the room: slot k holds the descriptor of row #rowAt[k], and -1 is nobody's. */
  readonly #room: Descriptors;
  readonly #rowAt: Int32Array;
  readonly #slotOf = new Map<number, number>();
  readonly #products: RowProducts;
  #nextSlot = 0;

  constructor(options: HeldRowsOptions) {
    const { cacheBytes, dimensions, catalogue } = options;
    const wanted = Math.floor(cacheBytes / (4 * dimensions));
    const count = Math.max(LEAST_SLOTS, Math.min(wanted, 2 * catalogue.count));
    this.#options = options;
    this.#room = { count, dimensions, data: new Float32Array(count * dimensions) };
    this.#rowAt = new Int32Array(count).fill(-1);
    // Nothing is kept by it: rows come and go.
    this.#products = new RowProducts(this.#room, 0);
  }

  /** Rows that may be asked for at a time, so that with their cells they have room beside what is there. */
  get mostRows(): number {
    return Math.floor(this.#room.count / 4);
  }

  /** The cosine of each pair. Throws CLUSTER_UNAVAILABLE. */
  async cosines(queries: readonly Float32Array[], { looks, rows }: LookPairs): Promise<Float32Array> {
    const cosines = new Float32Array(looks.length);
    for (let from = 0; from < rows.length; ) {
      const to = this.#endOfPart(rows, from);
      const slots = await this.#hold(rows.subarray(from, to));
      cosines.set(this.#products.cosines(queries, { looks: looks.subarray(from, to), rows: slots }), from);
      from = to;
    }
    return cosines;
  }

  /** For each query the place in `rows` of the first row with the highest cosine. Throws CLUSTER_UNAVAILABLE. */
  async mostAlike(queries: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array> {
    if (rows.length <= this.mostRows) return this.#products.mostAlike(queries, await this.#hold(rows));
    const found = new Uint32Array(queries.length);
    const highest = new Float32Array(queries.length).fill(Number.NEGATIVE_INFINITY);
    for (let from = 0; from < rows.length; from += this.mostRows) {
      const part = rows.subarray(from, from + this.mostRows);
      const best = this.#products.mostAlike(queries, await this.#hold(part));
      const pairs = { looks: best.map((_, q) => q), rows: best.map((place) => part[place] as number) };
      for (const [q, cosine] of (await this.cosines(queries, pairs)).entries()) {
        if (cosine <= (highest[q] as number)) continue;
        highest[q] = cosine;
        found[q] = from + (best[q] as number);
      }
    }
    return found;
  }

  /** The k best of sorted rows, as RowProducts.best has them. Throws CLUSTER_UNAVAILABLE. */
  async best(queries: readonly Float32Array[], k: number, rows: Iterable<number>, total: number) {
    const parts: { readonly row: number; readonly score: number }[][] = [];
    for (const part of partsOf(rows, total, this.mostRows)) {
      const slots = await this.#hold(part);
      const places = new Map(Array.from(slots, (slot, i) => [slot, part[i] as number]));
      const hits = this.#products.best(queries, k, slots);
      parts.push(hits.map(({ row, score }) => ({ row: places.get(row) as number, score })));
    }
    return parts.flat();
  }

  /** The descriptors of some rows, few enough for the room. Throws CLUSTER_UNAVAILABLE. */
  async descriptors(rows: Uint32Array): Promise<readonly Float32Array[]> {
    const { data, dimensions } = this.#room;
    const slots = await this.#hold(rows);
    return Array.from(slots, (slot) => data.slice(slot * dimensions, (slot + 1) * dimensions));
  }

  /** The end of a part of rows, from `from`, with no more different ones than may be asked for at a time. */
  #endOfPart(rows: Uint32Array, from: number): number {
    const seen = new Set<number>();
    for (let i = from; i < rows.length; i++) {
      seen.add(rows[i] as number);
      if (seen.size > this.mostRows) return i;
    }
    return rows.length;
  }

  /** The slot of each row; they hold until the next await. */
  async #hold(rows: Uint32Array): Promise<Uint32Array> {
    // What others fetch meanwhile may take the place of rows that were there.
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const missing = rows.filter((row) => !this.#slotOf.has(row));
      if (missing.length === 0) return rows.map((row) => this.#slotOf.get(row) as number);
      await this.#fetch(missing);
    }
    throw new SkyfixError('CLUSTER_UNAVAILABLE', `${rows.length} descriptors do not stay in the cache.`);
  }

  /** Fetches the cells of the rows, all at once. Throws CLUSTER_UNAVAILABLE where not each of their rows comes. */
  async #fetch(rows: Uint32Array): Promise<void> {
    const { cluster, collection, catalogue, dimensions, cellLength } = this.#options;
    const cells = [...new Set(Array.from(rows, (row) => geohash(catalogue.place(row), cellLength)))];
    const most = Math.max(1, Math.min(MOST_RESULTS, Math.floor(MOST_ANSWER_BYTES / (4 * dimensions))));
    const questions = packedCells(
      cells.map((cell) => [cell, this.#rowsOf(cell)] as const),
      most,
    );
    await Promise.all(
      questions.map(async ({ names, rows: expected }) => {
        const { results } = await cluster.call(SEARCH, {
          collection,
          properties: {},
          metadata: { uuid: true, vectors: [VECTOR] },
          limit: Math.min(MOST_RESULTS, expected.size + 1),
          filters: withAny(CELLS, names),
          uses_127Api: true,
        });
        for (const { metadata } of results) {
          const row = rowOfUuid(metadata.id);
          const [vector] = metadata.vectors;
          if (!vector || vector.vectorBytes.length !== 4 * dimensions || !expected.delete(row)) {
            throw incomplete(`row ${row} of ${collection} came twice, unasked or without its vector`);
          }
          this.#put(row, readVector(vector.vectorBytes));
        }
        const [lost] = expected;
        if (lost !== undefined) {
          throw incomplete(`${expected.size} rows of ${collection}, row ${lost} among them, did not come`);
        }
      }),
    );
  }

  #put(row: number, vector: Float32Array): void {
    const known = this.#slotOf.get(row);
    const slot = known ?? this.#nextSlot;
    if (known === undefined) {
      this.#nextSlot = (slot + 1) % this.#room.count;
      this.#slotOf.delete(this.#rowAt[slot] as number);
      this.#rowAt[slot] = row;
      this.#slotOf.set(row, slot);
    }
    this.#room.data.set(vector, slot * this.#room.dimensions);
  }

  #rowsOf(cell: string): Uint32Array {
    const { catalogue, cellLength } = this.#options;
    const [west, south, east, north] = boundsOfGeohash(cell);
    // Rounding may put a place on a border into either cell.
    const { rows } = catalogue.rowsInBbox([
      Math.max(-180, west - HAIR_DEG),
      south - HAIR_DEG,
      Math.min(180, east + HAIR_DEG),
      north + HAIR_DEG,
    ]);
    return rows.filter((row) => geohash(catalogue.place(row), cellLength) === cell);
  }
}

/** A tenth of a millimetre. */
const HAIR_DEG = 1e-9;
/** Enough for small regions in small caches. */
const LEAST_SLOTS = 4096;
const MOST_ROUNDS = 4;

const incomplete = (what: string) =>
  new SkyfixError('CLUSTER_UNAVAILABLE', `Weaviate answered in part: ${what}.`);

/** Cells together in questions of at most so many rows; a fuller cell is a question of its own. */
function packedCells(cells: readonly (readonly [string, Uint32Array])[], most: number) {
  const questions: { names: string[]; rows: Set<number> }[] = [];
  for (const [name, rows] of cells) {
    let last = questions[questions.length - 1];
    if (!last || last.rows.size + rows.length > most) {
      last = { names: [], rows: new Set() };
      questions.push(last);
    }
    last.names.push(name);
    for (const row of rows) last.rows.add(row);
  }
  return questions;
}

function* partsOf(rows: Iterable<number>, total: number, most: number): Generator<Uint32Array> {
  let part = new Uint32Array(Math.min(total, most));
  let many = 0;
  for (const row of rows) {
    part[many++] = row;
    if (many < part.length) continue;
    yield part;
    part = new Uint32Array(most);
    many = 0;
  }
  if (many > 0) yield part.subarray(0, many);
}
