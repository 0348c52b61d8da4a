// How a data set is prepared.
import type { CrossViewDataset } from '../datasets/index.js';
import type { CacheOptions, Progress } from './cached-store.js';

export interface PrepareOptions {
  readonly cacheDir: string;
  /** Ground that tiles should have beyond their own on every side, metres, for random offsets. */
  readonly marginM?: number;
  /** Also the raw panoramas, for runs without a BEV. */
  readonly panoramas?: boolean;
  /** Also a grid of tiles over the area; for data sets whose tiles come from a mosaic. */
  readonly grid?: { readonly strideM: number };
  /** Places this far apart are look-alikes; from 0.4 to 2.5 tiles unless told. */
  readonly nearM?: { readonly low: number; readonly high: number };
  /** Threads that make images; unless told, one a core, and none for a few images. */
  readonly threads?: number;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** The cache of one kind of a data set's images. */
export function cacheOf({ root }: CrossViewDataset, options: PrepareOptions): (what: string) => CacheOptions {
  const { cacheDir, threads, onProgress } = options;
  return (what) => {
    const tell: Progress | undefined = onProgress && ((done, total) => onProgress(what, done, total));
    return { cacheDir, root, ...(threads !== undefined && { threads }), ...(tell && { onProgress: tell }) };
  };
}
