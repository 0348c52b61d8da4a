// The networks of a run out of its checkpoints, without its data: for runs that cannot end, and for other names of weights.
import { join } from 'node:path';
import type { BundleManifest } from 'skyfix/bundles';
import { inputOf, type RunConfig, readRunConfig } from '../config/index.js';
import { contentOf, type EncoderNames, writeBundle } from '../export/index.js';
import { createGenerator } from '../networks/index.js';
import { readRunResult } from '../runs/index.js';
import { loadCheckpointStep, loadEncoder, loadParts } from '../stages/index.js';
import { freshEncoder, gridOf, openTrunkOf, writtenFit, writtenHead } from './encoder-of.js';
import { profileOf } from './networks-of.js';
import { checkpointPath, type StageName } from './run-context.js';
import { CONFIG_FILE } from './run-folder.js';

/**
 * Writes a bundle of what a run's folder holds: of each stage the best checkpoint where it validates, else the last one. Throws
 * TRAINING_CONFIG_INVALID where the folder has no configuration, DATASET_INVALID where a stage has no checkpoint yet.
 */
export async function exportRun(
  dir: string,
  out: string,
  safetensors: EncoderNames | undefined,
): Promise<BundleManifest> {
  const config = await readRunConfig(join(dir, CONFIG_FILE));
  const profile = profileOf(config);
  const kind = config.stage3.validateEvery > 0 ? 'best' : 'last';
  const pathOf = (stage: StageName) => checkpointPath(dir, stage, kind);
  const fitted = config.stage3.head && (await writtenFit(dir));
  if (!fitted) await loadCheckpointStep(pathOf('encoder')); // before weights are read that it may not even need
  const encoder = fitted
    ? (await openTrunkOf(config)).withHead(fitted.head)
    : await freshEncoder(filledByCheckpoint(config), await writtenHead(dir));
  const generator = config.queries === 'views' ? createGenerator(profile.generator, config.seed) : undefined;
  try {
    if (!fitted) await loadEncoder(pathOf('encoder'), undefined, encoder, config.stage3.emaDecay);
    if (generator) await loadParts(pathOf('generation'), undefined, { gParams: generator.params });
    const result = await readRunResult(dir).catch(() => undefined);
    const steps = {
      ...(generator && { generation: await loadCheckpointStep(pathOf('generation')) }),
      encoder: await loadCheckpointStep(pathOf('encoder')),
    };
    return await writeBundle(out, {
      name: config.bundle.name,
      version: result || fitted ? config.bundle.version : `${config.bundle.version}-step-${steps.encoder}`,
      profile: config.name,
      input: inputOf(config),
      geometry: config.geometry,
      ...(generator && { generator: { params: generator.params.toArrays(), config: profile.generator } }),
      encoder: contentOf(encoder, fitted?.statistics),
      training: { run: `${config.name}-seed${config.seed}`, steps, config },
      metrics: result ? { retrieval: result.retrieval.map(({ confusion: _, ...rest }) => rest) } : {},
      ...(config.bundle.half && { half: true }),
      ...(safetensors && { safetensors }),
    });
  } finally {
    encoder.dispose();
    generator?.params.dispose();
  }
}

/** A ConvNeXt's checkpoint has all of its weights: the file that the run started from may be gone. */
function filledByCheckpoint(config: RunConfig): RunConfig {
  if (gridOf(config)) return config;
  const { weights: _, ...encoder } = config.networks.encoder;
  return { ...config, networks: { ...config.networks, encoder } };
}
