// Weights trained elsewhere, as safetensors, become a bundle.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import { createConvNext, createGenerator, type NamedArray, type Profile } from '../networks/index.js';
import { writeBundle } from './bundle.js';
import { loadPretrainedEncoder, loadPretrainedGenerator } from './pretrained.js';
import type { EncoderNames } from './weight-names.js';

export interface PretrainedOptions {
  /** safetensors file of a ConvNeXt, see loadPretrainedEncoder. */
  readonly encoderWeights: string;
  /** safetensors file of a generator, see loadPretrainedGenerator; absent: the BEV goes straight into the encoder. */
  readonly generatorWeights?: string | undefined;
  /** Ground size of tile and BEV, metres. */
  readonly tileSizeM: number;
  /** The weights are written into the bundle as safetensors too, the encoder's with these names. */
  readonly safetensors?: EncoderNames | undefined;
}

/**
 * Writes a bundle of weights from files to `folder`; the profile gives the networks' sizes. Its version is the start of
 * the encoder weights' checksum. Throws WEIGHTS_INVALID where a file cannot be read or does not fit, DISK_FULL.
 */
export async function pretrainedBundle(
  profile: Profile,
  folder: string,
  { encoderWeights, generatorWeights, tileSizeM, safetensors }: PretrainedOptions,
): Promise<BundleManifest> {
  const encoder = await encoderFrom(encoderWeights, profile);
  const generator = generatorWeights ? await generatorFrom(generatorWeights, profile) : undefined;
  const inputSizePx = profile.encoder.inputSize;
  return writeBundle(folder, {
    name: `${profile.name}-pretrained`,
    version: encoder.source.sha256.slice(0, 12),
    profile: profile.name,
    geometry: { tileSizeM, inputSizePx, bevSizePx: 2 * inputSizePx, cameraHeightM: 1.5 },
    encoder: { params: encoder.params, config: profile.encoder },
    ...(generator ? { generator: { params: generator.params, config: profile.generator } } : {}),
    training: {
      encoderWeights: encoder.source,
      ...(generator ? { generatorWeights: generator.source } : {}),
    },
    ...(safetensors && { safetensors }),
  });
}

interface Loaded {
  readonly params: Readonly<Record<string, NamedArray>>;
  readonly source: { readonly file: string; readonly sha256: string };
}

async function encoderFrom(path: string, profile: Profile): Promise<Loaded> {
  const bytes = await readWeights(path);
  const { params } = createConvNext(profile.encoder, 1);
  try {
    loadPretrainedEncoder(params, bytes, path);
    return { params: params.toArrays(), source: sourceOf(path, bytes) };
  } finally {
    params.dispose();
  }
}

async function generatorFrom(path: string, profile: Profile): Promise<Loaded> {
  const bytes = await readWeights(path);
  const { params } = createGenerator(profile.generator, 1);
  try {
    loadPretrainedGenerator(params, profile.generator.blocks, bytes, path);
    return { params: params.toArrays(), source: sourceOf(path, bytes) };
  } finally {
    params.dispose();
  }
}

const sourceOf = (path: string, bytes: Uint8Array) => ({
  file: basename(path),
  sha256: sha256OfBytes(bytes),
});

async function readWeights(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read (${messageOf(cause)}).`, { cause });
  }
}
