// What the batch loader asks its threads.
import type { StoreHandle } from '../stores/index.js';
import type { Crop } from './crop.js';

export interface BatchSetup {
  readonly stores: readonly StoreHandle[];
}

export interface BatchRequests {
  /** Crops of one size to float32 [n, S, S, 3], moved and not copied. */
  batch(crops: readonly Crop[]): Float32Array;
}
