// The recipe of the bundle and the region that ship: seeds, sizes and schedules in one place.
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/models';
import { CONVNEXT_SIZES, PROFILES, type Profile } from '../networks/index.js';
import type { EncoderOptions } from '../stages/encoder.js';
import type { GenerationOptions } from '../stages/generation.js';

/** Trained and tested on the areas of one town; a second town of another seed is only ever looked at. */
export const TOWN_SEED = 7;
/** A town for the encoder alone: G never saw it, so its views have the errors that views of unseen places have. */
export const EXTRA_TOWN_SEED = 2007;
export const OTHER_TOWN_SEED = 1007;
export const OTHER_TOWN_PLACES = 400;

export const BUNDLE_NAME = 'small-town';
export const BUNDLE_VERSION = '1';

/** The grid protocol's stride. */
export const STRIDE_M = 16;
/** Panoramas of the unseen area that ship. */
export const DEMO_PANORAMAS = 24;

export const GEOMETRY: BundleGeometry = {
  tileSizeM: 40,
  inputSizePx: 80,
  bevSizePx: 160,
  cameraHeightM: 2.5,
};
/** Tiles are cut with so much more ground on every side, from which random offsets are cropped. */
export const TILE_MARGIN_M = 8;

export const PROFILE: Profile = {
  ...PROFILES.small,
  generator: { ...PROFILES.small.generator, inputSize: GEOMETRY.inputSizePx },
  encoder: { ...CONVNEXT_SIZES.nano, layerScale: 1, inputSize: GEOMETRY.inputSizePx },
};

export const GENERATION: GenerationOptions = {
  seed: 11,
  steps: 2000,
  batch: 1,
  learningRate: 2e-4,
  lambdaCycle: 10,
  lambdaContrast: 2,
  lambdaPaired: 60,
  pairedWarmupSteps: 1700,
  pairedWarmupRate: 5e-4,
  positions: 256,
  temperature: 0.07,
};

export const ENCODER: EncoderOptions = {
  seed: 21,
  steps: 700,
  batch: 32,
  learningRate: 5e-4,
  weightDecay: 0.05,
  warmupSteps: 60,
  scale: 14.3,
  labelSmoothing: 0.1,
  tripletFromStep: 500,
  tripletWeight: 0.5,
  dihedral: true,
  jitter: { brightness: 0.05, contrast: 0.15, saturation: 0.2, hue: 0.05 },
  offsetPx: 12,
};

/** Everything that is made on the way; reproducible, never committed. */
export const WORK_DIR = process.env.SKYFIX_DEMO_WORK ?? 'var/demo';
export const CACHE_DIR = join(WORK_DIR, 'cache');
