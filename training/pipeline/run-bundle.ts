// The bundle of a run: its networks, what they were trained on, and their figures.
import { join } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import { inputOf } from '../config/index.js';
import { contentOf, writeBundle } from '../export/index.js';
import type { RunFigures } from './evaluate-run.js';
import type { RunContext } from './run-context.js';
import type { Trained } from './train-stages.js';

/** Writes bundle/ in the run's folder, with figures once there are some. Throws what writing a bundle throws. */
export async function writeRunBundle(
  { config, dir }: Pick<RunContext, 'config' | 'dir'>,
  { own, data, made, encoder, fit }: Trained,
  { retrieval, generation, robustness }: RunFigures = { retrieval: [] },
): Promise<BundleManifest> {
  const { bundle, geometry, name } = config;
  const { weights: _, ...encoderSizes } = config.networks.encoder;
  return writeBundle(join(dir, 'bundle'), {
    name: bundle.name,
    version: bundle.version,
    profile: name,
    input: inputOf(config),
    geometry,
    ...(made && {
      generator: { params: made.generator.params.toArrays(), config: made.generator.config },
    }),
    encoder: contentOf(encoder, fit?.statistics),
    training: {
      generatorData: made ? `${own.name}, ${own.ids.length} places` : null,
      encoderData: `${data.name}, ${data.ids.length} places`,
      dataSha256: sha256OfBytes(data.digest),
      config: { ...config, networks: { ...config.networks, encoder: encoderSizes } },
    },
    metrics: {
      retrieval: retrieval.map(({ confusion: __, ...rest }) => rest),
      ...(generation && { generation }),
      ...(robustness && { robustness }),
    },
    ...(bundle.half && { half: true }),
    ...(bundle.safetensors && { safetensors: 'timm' as const }),
  });
}
