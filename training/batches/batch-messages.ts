// What the batch loader and its threads tell each other.
import type { ErrorMessage } from '../common/index.js';
import type { StoreHandle } from '../stores/index.js';
import type { Crop } from './crop.js';

/** Crops of one size to the worker. */
export interface BatchRequest {
  readonly id: number;
  readonly crops: readonly Crop[];
}

/** Float32 [n, S, S, 3], moved and not copied; or what went wrong. */
export type BatchReply =
  | { readonly id: number; readonly data: Float32Array }
  | { readonly id: number; readonly error: ErrorMessage };

export interface BatchWorkerInput {
  readonly stores: readonly StoreHandle[];
}
