// Imagery's options as a run's configuration has them, for what opens imagery.
import type { ImageryOptions } from 'skyfix/index';
import type { ImageryFields } from './run-config.js';

/** Those that are given. */
export function imageryOptionsOf({ zoom, tms, proj4 }: ImageryFields): ImageryOptions {
  return {
    ...(zoom !== undefined && { zoom }),
    ...(tms !== undefined && { tms }),
    ...(proj4 !== undefined && { proj4 }),
  };
}
