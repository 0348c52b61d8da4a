// The networks that a configuration describes.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import type { RunConfig } from '../config/index.js';
import { loadPretrainedGenerator } from '../export/index.js';
import { CONVNEXT_SIZES, type Generator, type Profile } from '../networks/index.js';

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

/** Puts the weights that the configuration names into G; undefined where it names none. */
export async function generatorStart(config: RunConfig): Promise<((g: Generator) => void) | undefined> {
  const { weights, blocks } = config.networks.generator;
  if (!weights) return undefined;
  const bytes = await bytesOf(weights);
  return (g) => loadPretrainedGenerator(g.params, blocks, bytes, weights);
}

/** The bytes of a file of weights. Throws WEIGHTS_INVALID where it cannot be read. */
export async function bytesOf(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read.`, { cause: error });
  });
}
