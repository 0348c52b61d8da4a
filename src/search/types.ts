// The words of the search room.
import type { FileChecksum } from '../files/index.js';
import type { LonLat } from '../geometry/index.js';

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

/** Nearest-neighbour search among unit descriptors by cosine; never blocks the event loop. */
export interface VectorIndex {
  readonly dimensions: number;
  readonly count: number;
  /** The k best rows, best first; `allowed` (sorted row numbers) limits the candidates. */
  search(descriptor: Float32Array, k: number, allowed?: Uint32Array): Promise<readonly Hit[]>;
  /** Exact cosines of each descriptor with the given rows: one [rows] array for each descriptor. */
  similarities(descriptors: readonly Float32Array[], rows: Uint32Array): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export const INDEX_SCHEMA = 'skyfix-index/1';

/** index.json of an index version folder. */
export interface IndexManifest {
  readonly schema: typeof INDEX_SCHEMA;
  /** Unique, sortable: 20261123T101500Z-1a2b3c4d (build time and digest). */
  readonly version: string;
  readonly createdAt: string;
  readonly bundle: { readonly name: string; readonly version: string; readonly encoderSha256: string };
  readonly count: number;
  readonly dimensions: number;
  readonly graph: {
    readonly kind: 'hnsw';
    readonly m: number;
    readonly efConstruction: number;
    readonly efSearch: number;
    readonly seed: number;
  };
  readonly tiles: { readonly sizeM: number; readonly strideM: number | null; readonly source: string };
  /** west, south, east, north of the tile centres. */
  readonly bounds: readonly [number, number, number, number];
  readonly recall: { readonly at1: number; readonly at10: number; readonly queries: number };
  /** graph.hnsw, descriptors.f32, catalogue.csv */
  readonly files: Readonly<Record<string, FileChecksum>>;
}
