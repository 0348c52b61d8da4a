// A part of the house that may end by itself and comes back by itself: a network, an index.

/** ready: takes requests. recovering: it ended and is being opened again. closed: by its owner, for good. */
export type PartState = 'ready' | 'recovering' | 'closed';

/** Told of the deaths and recoveries of a part. */
export interface LifeEvents {
  /** It ended though nobody closed it, or could not be opened again. */
  readonly onDeath?: ((death: Error) => void) | undefined;
  /** It takes requests again. */
  readonly onRecovered?: (() => void) | undefined;
}
