// Data and networks so small that a training step takes milliseconds: what the tests of the stages train on.

import { makeRng, shuffled } from 'skyfix/random';
import { NO_JITTER } from '../../batches/augment.js';
import type { Profile } from '../../networks/index.js';
import { PairLabels } from '../../pseudo-labels/index.js';
import type { EncoderData } from '../../stages/encoder/encoder-data.js';
import type { EncoderOptions } from '../../stages/encoder/options.js';
import type { GenerationData } from '../../stages/generation/generation-data.js';
import type { GenerationOptions } from '../../stages/generation/options.js';
import type { ImageSet } from '../../stores/image-set.js';
import { type ImageStore, memoryStore } from '../../stores/image-store.js';

export const SIZE = 32;
const MARGIN = 2;
const WIDE = SIZE + 2 * MARGIN;

export interface ToyOptions {
  readonly seed: number;
  /** Places: each a ground image and a tile. */
  readonly places: number;
  /** Rows with a label; all of them by default. */
  readonly labelled?: readonly number[];
  /** Ground images that belong to no tile, behind the rows. */
  readonly unpaired?: number;
  /** Each place is also on the next row's tile, a semi-positive, and close to the sixth row after it. */
  readonly overlapping?: boolean;
}

export interface ToyData {
  readonly encoder: EncoderData;
  readonly generation: GenerationData;
  /** Number of each row's tile in the gallery: an order of its own. */
  readonly tileOf: readonly number[];
  readonly labels: PairLabels;
}

/** Smooth random pictures; a place's tile shows what its ground image shows, in other colours and 2 px wider. */
export function toyData({ seed, places, labelled, unpaired = 0, overlapping }: ToyOptions): ToyData {
  const rows = Array.from({ length: places }, (_, k) => k);
  const ground = imageSet(SIZE, places + unpaired);
  const tiles = imageSet(WIDE, places);
  for (let k = 0; k < places + unpaired; k++) {
    const value = waves(makeRng(seed, k));
    paint(ground, k, (i, j) => {
      const v = value(i + MARGIN, j + MARGIN);
      return [90 - 60 * v, 110 + 80 * v, 100 + 90 * v];
    });
    if (k < places) {
      paint(tiles, k, (i, j) => {
        const v = value(i, j);
        return [128 + 100 * v, 128 - 60 * v, 128 + 40 * v];
      });
    }
  }
  const tileOf = shuffled(places, makeRng(seed, 1_000));
  const gallery = imageSet(WIDE, places);
  const bytes = WIDE * WIDE * 3;
  tileOf.forEach((tile, row) => {
    gallery.data.set(tiles.data.subarray(row * bytes, (row + 1) * bytes), tile * bytes);
  });
  const semiPositives = rows.map((k) => (overlapping ? [tileOf[(k + 1) % places] as number] : []));
  const labels = new PairLabels(tileOf, labelled ?? rows, places, semiPositives);
  const inputs = memoryStore(ground);
  const shared = {
    panorama: false,
    tiles: memoryStore(tiles),
    gallery: memoryStore(gallery),
    marginPx: MARGIN,
    labels,
  };
  return {
    encoder: {
      ...shared,
      queries: inputs,
      lookAlikes: rows.map((k) => [(k + 1) % places, (k + 2) % places]),
      samePlace: rows.map((k) => (overlapping ? [(k + 6) % places] : [])),
    },
    generation: { ...shared, inputs },
    tileOf,
    labels,
  };
}

/** The store with other images in some rows: noise. */
export function withNoise(store: ImageStore, rows: readonly number[], seed: number): ImageStore {
  const { sizePx, count } = store;
  const bytes = sizePx * sizePx * 3;
  const data = new Uint8Array(count * bytes);
  for (let k = 0; k < count; k++) store.read(k, data, k * bytes);
  const rng = makeRng(seed);
  for (const row of rows) for (let k = 0; k < bytes; k++) data[row * bytes + k] = rng.int(0, 255);
  return memoryStore({ sizePx, count, data });
}

function imageSet(sizePx: number, count: number): ImageSet {
  return { sizePx, count, data: new Uint8Array(count * sizePx * sizePx * 3) };
}

type Picture = (i: number, j: number) => number;

function waves(rng: ReturnType<typeof makeRng>): Picture {
  const parts = Array.from({ length: 4 }, () => [
    rng.range(-0.5, 0.5),
    rng.range(-0.5, 0.5),
    rng.range(0, 6),
  ]);
  return (i, j) => parts.reduce((sum, [a = 0, b = 0, c = 0]) => sum + Math.sin(a * i + b * j + c) / 4, 0);
}

function paint({ sizePx, data }: ImageSet, k: number, colour: (i: number, j: number) => number[]): void {
  for (let i = 0; i < sizePx; i++)
    for (let j = 0; j < sizePx; j++) data.set(colour(i, j), ((k * sizePx + i) * sizePx + j) * 3);
}

export const TOY_PROFILE: Profile = {
  name: 'toy',
  generator: { baseFilters: 4, blocks: 1, inputSize: SIZE },
  discriminator: { filters: 4 },
  contrast: { baseFilters: 4, projection: 8 },
  encoder: { dims: [8, 16, 24, 32], depths: [1, 1, 1, 1], layerScale: 1, inputSize: SIZE },
};

/** Labelled pairs alone, plain batches, InfoNCE. */
export const PLAIN_ENCODER: EncoderOptions = {
  seed: 3,
  steps: 80,
  batch: 12,
  learningRate: 3e-3,
  weightDecay: 0.05,
  warmupSteps: 4,
  clipNorm: 1,
  infoNce: { weight: 1, scale: 14.3, labelSmoothing: 0.1 },
  triplet: { weight: 0.5, fromShare: 0.75, weights: 'dynamic', margin: 0.2, weightTemperature: 0.2 },
  sampling: { negatives: 'none', groupSize: 1, minedFromShare: 0 },
  emaDecay: 0,
  dropPath: 0,
  augment: { flip: 'none', turnDeg: 0, offsetPx: 0, jitter: NO_JITTER },
  loader: { threads: 1 },
};

/** Everything that stage 3 can do: each part has a state, or draws at random. */
export const FULL_ENCODER: EncoderOptions = {
  ...PLAIN_ENCODER,
  steps: 12,
  batch: 6,
  infoNce: { weight: 1, scale: 'learnable', labelSmoothing: 0.1 },
  triplet: { ...PLAIN_ENCODER.triplet, fromShare: 0.5 },
  sampling: { negatives: 'mined', groupSize: 2, minedFromShare: 0.3 },
  emaDecay: 0.9,
  dropPath: 0.2,
  augment: {
    flip: 'dihedral',
    turnDeg: 10,
    offsetPx: 2,
    jitter: { brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1 },
  },
  selfTraining: {
    strategy: { name: 'dynamic', decayShare: 0.5 },
    warmupShare: 0.25,
    every: 4,
    sample: 1_000,
    candidates: 'all',
    mix: 'half',
  },
};

/** Every loss of stage 1. */
export const FULL_GENERATION: GenerationOptions = {
  seed: 4,
  steps: 6,
  batch: 2,
  learningRate: 2e-4,
  lambdaCycle: 10,
  lambdaContrast: 2,
  lambdaIdentity: 0.5,
  lambdaPaired: 1,
  pairedWarmupSteps: 2,
  pairedWarmupRate: 2e-4,
  contrast: { positive: 'paired', layers: [0, 1, 2], temperature: 0.07, positions: 16 },
  historyPool: 3,
  flip: 'dihedral',
  loader: { threads: 1 },
};
