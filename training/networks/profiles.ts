// The sizes of the networks, as data: `paper` is the published method, `small` is what ships and trains on two
// CPU cores.
import type { ContrastHeadsConfig } from './contrast-heads.js';
import type { ConvNextConfig } from './convnext.js';
import type { DiscriminatorConfig } from './discriminator.js';
import type { GeneratorConfig } from './generator.js';

export interface Profile {
  readonly name: string;
  readonly generator: GeneratorConfig;
  readonly discriminator: DiscriminatorConfig;
  readonly contrast: ContrastHeadsConfig;
  readonly encoder: ConvNextConfig;
}

/** ConvNeXt's published sizes, and small ones for CPUs; pico and femto are for quick comparisons. */
export const CONVNEXT_SIZES = {
  base: { dims: [128, 256, 512, 1024], depths: [3, 3, 27, 3] },
  small: { dims: [96, 192, 384, 768], depths: [3, 3, 27, 3] },
  tiny: { dims: [96, 192, 384, 768], depths: [3, 3, 9, 3] },
  nano: { dims: [32, 64, 128, 256], depths: [2, 2, 6, 2] },
  pico: { dims: [24, 48, 96, 192], depths: [2, 2, 4, 2] },
  femto: { dims: [16, 32, 64, 128], depths: [2, 2, 2, 2] },
} as const;

export type ConvNextSize = keyof typeof CONVNEXT_SIZES;

export const PROFILES = {
  paper: {
    name: 'paper',
    generator: { baseFilters: 64, blocks: 9, inputSize: 256 },
    discriminator: { filters: 64 },
    contrast: { baseFilters: 64, projection: 64 },
    encoder: { ...CONVNEXT_SIZES.base, layerScale: 1e-6, inputSize: 256 },
  },
  small: {
    name: 'small',
    generator: { baseFilters: 16, blocks: 6, inputSize: 128 },
    discriminator: { filters: 16 },
    contrast: { baseFilters: 16, projection: 64 },
    encoder: { ...CONVNEXT_SIZES.nano, layerScale: 1, inputSize: 128 },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
