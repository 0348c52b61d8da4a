// The networks that a configuration describes.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import type { RunConfig } from '../config/index.js';
import { loadPretrainedEncoder, loadPretrainedGenerator } from '../export/index.js';
import {
  CONVNEXT_SIZES,
  type ConvNext,
  createConvNext,
  type Generator,
  type Profile,
} from '../networks/index.js';

/** Sizes of all networks, for images of the training's size. */
export function profileOf({ networks, geometry, name }: RunConfig): Profile {
  const { generator, discriminator, contrast, encoder } = networks;
  const inputSize = geometry.inputSizePx;
  return {
    name,
    generator: {
      baseFilters: generator.baseFilters,
      blocks: generator.blocks,
      learnResidual: generator.learnResidual ?? false,
      inputSize,
    },
    discriminator: { filters: discriminator.filters },
    contrast: { baseFilters: generator.baseFilters, projection: contrast.projection },
    encoder: {
      ...CONVNEXT_SIZES[encoder.size],
      layerScale: encoder.layerScale,
      inputSize,
    },
  };
}

/** A fresh encoder, or one with the weights that the configuration names: the start of every run. */
export async function freshEncoder(config: RunConfig): Promise<ConvNext> {
  const encoder = createConvNext(profileOf(config).encoder, config.seed);
  const { weights } = config.networks.encoder;
  if (weights) loadPretrainedEncoder(encoder.params, await bytesOf(weights), weights);
  return encoder;
}

/** Puts the weights that the configuration names into G; undefined where it names none. */
export async function generatorStart(config: RunConfig): Promise<((g: Generator) => void) | undefined> {
  const { weights, blocks } = config.networks.generator;
  if (!weights) return undefined;
  const bytes = await bytesOf(weights);
  return (g) => loadPretrainedGenerator(g.params, blocks, bytes, weights);
}

async function bytesOf(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read.`, { cause: error });
  });
}
