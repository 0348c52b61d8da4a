// The words of the search room.
import type { LonLat } from '../geometry/index.js';
import type { PartState } from '../threads/index.js';
import type { AllowedRows } from './row-set.js';

/** One georeferenced satellite image; its row in the catalogue is its number in index and descriptors. */
export interface Tile extends LonLat {
  readonly tile: string;
  readonly sizeM: number;
  readonly source: string;
}

/** A tile's row number and its cosine similarity to the query, best first. */
export interface Hit {
  readonly row: number;
  readonly score: number;
}

/** Which descriptors and rows are compared: pair k is of looks[k] and rows[k]. Quicker where equal rows are neighbours. */
export interface LookPairs {
  /** Numbers of the descriptors. */
  readonly looks: Uint32Array;
  readonly rows: Uint32Array;
}

/**
 * Nearest-neighbour search among unit descriptors by cosine; never blocks the event loop. An index that loses what
 * searches (a thread, another machine) opens it again by itself; meanwhile its state is "recovering" and it rejects with
 * RECOVERING. A closed one rejects with NOT_READY.
 */
export interface VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly state: PartState;
  /** Why it is recovering, where that is known. */
  readonly trouble?: string | undefined;
  /** The k best rows, best first; `allowed` limits the candidates. */
  search(descriptor: Float32Array, k: number, allowed?: AllowedRows): Promise<readonly Hit[]>;
  /** The same by several descriptors of one query: each row counts with the best of its cosines. */
  searchLooks(
    descriptors: readonly Float32Array[],
    k: number,
    allowed?: AllowedRows,
  ): Promise<readonly Hit[]>;
  /** The exact cosine of each pair; the same bits in whatever company a pair is. */
  cosines(descriptors: readonly Float32Array[], pairs: LookPairs): Promise<Float32Array>;
  /** For each descriptor the place in `rows` of the row that is most like it; the first of equal ones. `rows` is not empty. */
  mostAlike(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<Uint32Array>;
  close(): Promise<void>;
}
