// The recipe of the bundle and the region that ship: seeds, sizes and schedules in one place.
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/models';
import { CONVNEXT_SIZES, PROFILES, type Profile } from '../networks/index.js';
import type { EncoderOptions } from '../stages/encoder.js';
import type { GenerationOptions } from '../stages/generation.js';

/** Trained and tested on the areas of one town; a second town of another seed is only ever looked at. */
export const TOWN_SEED = 7;
/** Towns for the encoder alone: G never saw them, so their views have the errors that views of unseen places have. */
export const ENCODER_TOWN_SEEDS = [2007, 3007, 4007];
export const OTHER_TOWN_SEED = 1007;
export const OTHER_TOWN_PLACES = 400;

export const BUNDLE_NAME = 'small-town';
export const BUNDLE_VERSION = '2';

/** The grid protocol's stride. */
export const STRIDE_M = 16;
/** Panoramas of the unseen area that ship. */
export const DEMO_PANORAMAS = 24;

/** What training sees: BEVs over the ground of one tile. */
export const TILE_GEOMETRY: BundleGeometry = {
  tileSizeM: 64,
  inputSizePx: 64,
  bevSizePx: 128,
  cameraHeightM: 2.5,
};
/** What is served: 5 x 5 looks, 4 m apart, at a view that is so much wider; a tile of the grid is at most 2 m off one of them. */
export const GEOMETRY = { ...TILE_GEOMETRY, searchMarginPx: 8, searchStepPx: 4 } satisfies BundleGeometry;
/** Tiles are cut with so much more ground on every side, from which random offsets are cropped. */
export const TILE_MARGIN_M = 8;

/** Places this far apart are look-alikes and no longer the same place. */
export const NEAR_M = { low: 25, high: 160 };

export const PROFILE: Profile = {
  ...PROFILES.small,
  generator: { ...PROFILES.small.generator, inputSize: GEOMETRY.inputSizePx },
  encoder: { ...CONVNEXT_SIZES.nano, layerScale: 1, inputSize: GEOMETRY.inputSizePx },
};

export const GENERATION: GenerationOptions = {
  seed: 11,
  steps: 5000,
  batch: 1,
  learningRate: 2e-4,
  lambdaCycle: 10,
  lambdaContrast: 2,
  lambdaPaired: 60,
  pairedWarmupSteps: 4600,
  pairedWarmupRate: 5e-4,
  positions: 256,
  temperature: 0.07,
};

export const ENCODER: EncoderOptions = {
  seed: 21,
  steps: 6000,
  batch: 32,
  learningRate: 1e-3,
  weightDecay: 0.05,
  warmupSteps: 150,
  clipNorm: 1,
  scale: 14.3,
  labelSmoothing: 0,
  tripletFromStep: 4000,
  tripletWeight: 0.5,
  dihedral: true,
  jitter: { brightness: 0.03, contrast: 0.08, saturation: 0.1, hue: 0.03 },
  offsetPx: 4,
  groupSize: 4,
};

/** Everything that is made on the way; reproducible, never committed. */
export const WORK_DIR = process.env.SKYFIX_DEMO_WORK ?? 'var/demo';
export const CACHE_DIR = join(WORK_DIR, 'cache');
