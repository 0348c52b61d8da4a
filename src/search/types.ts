// The words of the search room.
import type { LonLat } from '../geometry/index.js';
import type { PartState } from '../threads/index.js';

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

/**
 * Nearest-neighbour search among unit descriptors by cosine; never blocks the event loop. An index that loses what
 * searches (a thread, another machine) opens it again by itself; meanwhile its state is "recovering" and it rejects with
 * RECOVERING. A closed one rejects with NOT_READY.
 */
export interface VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  readonly state: PartState;
  /** The k best rows, best first; `allowed` (sorted row numbers) limits the candidates. */
  search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]>;
  /** Exact cosines of each descriptor with the given rows: one [rows] array for each descriptor. */
  similarities(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}
