// What the engine and its worker thread tell each other.

export interface WorkerSetup {
  readonly path: string;
  readonly threads: number;
}

export type ToWorker =
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly data: Float32Array;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly data: Float32Array;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };
