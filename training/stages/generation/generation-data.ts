// What stage 1 trains on.
import type { PairLabels } from '../../pseudo-labels/index.js';
import type { ImageStore } from '../../stores/index.js';

/** What stage 1 trains on: ground images by row, tiles by number, and the labels it may read. */
export interface GenerationData {
  /** BEVs or raw panoramas, as large as the generator's images. */
  readonly inputs: ImageStore;
  readonly panorama: boolean;
  /** Row k's own tile with marginPx more on every side: read for labelled rows only. */
  readonly tiles: ImageStore;
  /** The tile of each number, with the same margin. */
  readonly gallery: ImageStore;
  readonly marginPx: number;
  /** The pairs that the contrast (and |G(x) - y|) may use. */
  readonly labels: PairLabels;
}
