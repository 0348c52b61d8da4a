// Panoramas that were taken nowhere, made of real ones or drawn: what a calibration has to turn away.
import type { RgbImage } from '../src/geometry/index.js';
import { makeRng, type Rng, shuffled } from '../src/random/index.js';
import { drawAnimal, drawRoom } from './made-up-scenes.js';

/**
 * upside-down: the sky lies below. noise: every pixel by chance. shuffled: squares of it in any order. night: so dark that its
 * sensor's noise is as strong. room, animal: drawn, nothing of it is left but its size.
 */
export const MADE_UP = ['upside-down', 'noise', 'shuffled', 'night', 'room', 'animal'] as const;
export type MadeUp = (typeof MADE_UP)[number];

const MAKERS: Readonly<Record<MadeUp, (image: RgbImage, rng: Rng) => RgbImage>> = {
  'upside-down': upsideDown,
  noise: noiseLike,
  shuffled: shuffledSquares,
  night: atNight,
  room: drawRoom,
  animal: drawAnimal,
};

/** The same for the same seed. */
export function madeUp(kind: MadeUp, image: RgbImage, seed: number): RgbImage {
  return MAKERS[kind](image, makeRng(seed, MADE_UP.indexOf(kind)));
}

function noiseLike({ widthPx, heightPx, data }: RgbImage, rng: Rng): RgbImage {
  return { widthPx, heightPx, data: Uint8Array.from(data, () => rng.int(0, 255)) };
}

function upsideDown({ widthPx, heightPx, data }: RgbImage): RgbImage {
  const made = new Uint8Array(data.length);
  const rowBytes = 3 * widthPx;
  for (let y = 0; y < heightPx; y++) {
    made.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), (heightPx - 1 - y) * rowBytes);
  }
  return { widthPx, heightPx, data: made };
}

/** Squares along the height of a shuffled panorama: large enough to look like ground, too small for a place. */
const SQUARES_DOWN = 16;

function shuffledSquares({ widthPx, heightPx, data }: RgbImage, rng: Rng): RgbImage {
  const made = new Uint8Array(data.length);
  const rowBytes = 3 * widthPx;
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

/** Of the light by day. */
const NIGHT = 0.04;
/** Grey values. */
const NIGHT_NOISE = 4;

function atNight({ widthPx, heightPx, data }: RgbImage, rng: Rng): RgbImage {
  const made = Uint8Array.from(data, (value) =>
    Math.max(0, Math.min(255, Math.round(NIGHT * value + NIGHT_NOISE * rng.normal()))),
  );
  return { widthPx, heightPx, data: made };
}
