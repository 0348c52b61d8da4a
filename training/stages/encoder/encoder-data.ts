// What stage 3 trains on.
import type { PairLabels } from '../../pseudo-labels/index.js';
import type { ImageStore } from '../../stores/index.js';

/** What stage 3 trains on. Tiles are numbered as in the gallery; rows are ground images. */
export interface EncoderData {
  /** What the encoder sees of the ground: the rows, then ground images that belong to no pair. */
  readonly queries: ImageStore;
  /** Queries are raw panoramas: symmetries of the ground move their columns. */
  readonly panorama: boolean;
  /** Row k's own tile, centred as well as it can be, with marginPx more on every side: read for labelled rows only. */
  readonly tiles: ImageStore;
  /** The tile of each number, with marginPx more on every side. */
  readonly gallery: ImageStore;
  readonly marginPx: number;
  readonly labels: PairLabels;
  /** lookAlikes[k]: rows near row k, but not of its place. */
  readonly lookAlikes: readonly (readonly number[])[];
  /** samePlace[k]: rows so near row k that both are the same place; read for labelled rows only. */
  readonly samePlace: readonly (readonly number[])[];
}

/** A ground image and the tile that it is trained with: its own (labelled), or one by number (pseudo-label). */
export type TrainingPair =
  | { readonly query: number; readonly row: number }
  | { readonly query: number; readonly tile: number };
