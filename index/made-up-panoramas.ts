// Panoramas that were taken nowhere, made of real ones: what a calibration has to turn away.
import type { RgbImage } from '../src/geometry/index.js';
import { makeRng, shuffled } from '../src/random/index.js';

/** upside-down: the sky lies below. noise: every pixel by chance. shuffled: squares of it in any order. */
export const MADE_UP = ['upside-down', 'noise', 'shuffled'] as const;
export type MadeUp = (typeof MADE_UP)[number];

/** Squares along the height of a shuffled panorama: large enough to look like ground, too small for a place. */
const SQUARES_DOWN = 16;

/** The same for the same seed. */
export function madeUp(kind: MadeUp, { widthPx, heightPx, data }: RgbImage, seed: number): RgbImage {
  const rng = makeRng(seed, MADE_UP.indexOf(kind));
  const made = new Uint8Array(data.length);
  if (kind === 'noise') {
    for (let k = 0; k < made.length; k++) made[k] = rng.int(0, 255);
    return { widthPx, heightPx, data: made };
  }
  const rowBytes = 3 * widthPx;
  if (kind === 'upside-down') {
    for (let y = 0; y < heightPx; y++) {
      made.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), (heightPx - 1 - y) * rowBytes);
    }
    return { widthPx, heightPx, data: made };
  }
  const sidePx = Math.max(1, Math.floor(heightPx / SQUARES_DOWN));
  const across = Math.floor(widthPx / sidePx);
  const down = Math.floor(heightPx / sidePx);
  for (const [to, from] of shuffled(across * down, rng).entries()) {
    const [toX, toY] = [(to % across) * sidePx, Math.floor(to / across) * sidePx];
    const [fromX, fromY] = [(from % across) * sidePx, Math.floor(from / across) * sidePx];
    for (let y = 0; y < sidePx; y++) {
      const start = (fromY + y) * rowBytes + 3 * fromX;
      made.set(data.subarray(start, start + 3 * sidePx), (toY + y) * rowBytes + 3 * toX);
    }
  }
  return { widthPx, heightPx, data: made };
}
