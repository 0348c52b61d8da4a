// What the owners of graphs ask the thread that holds one.
import type { Descriptors } from './descriptors.js';
import type { Hit } from './types.js';

export interface GraphOptions {
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
}

/** The graph that the thread opens with; none in a thread that only builds. */
export interface GraphSetup {
  readonly path: string;
  readonly descriptors: Descriptors;
  readonly efSearch: number;
  readonly exactProducts: number;
}

export interface GraphRequests {
  /** Writes the graph to `path`; reports the vectors added so far. */
  build(request: {
    readonly options: GraphOptions;
    readonly descriptors: Descriptors;
    readonly path: string;
  }): void;
  search(request: {
    readonly query: Float32Array;
    readonly k: number;
    readonly allowed?: Uint32Array;
  }): readonly Hit[];
  similarities(request: {
    readonly queries: readonly Float32Array[];
    readonly rows: Uint32Array;
  }): readonly Float32Array[];
}
