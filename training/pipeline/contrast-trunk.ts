// The frozen trunk whose features stage 1 contrasts, where a configuration says so.
import type { RunConfig } from '../config/index.js';
import { readTrunk, trunkOf } from '../export/index.js';
import { type EncodePair, trunkPatches } from '../losses/index.js';
import type { EfficientNetLiteName } from '../networks/index.js';

/** Blocks of stride 8, 16 and 32: the scales of equation (4). */
const BLOCKS: Readonly<Record<EfficientNetLiteName, readonly number[]>> = {
  'efficientnet-lite0': [3, 6, 11],
  'efficientnet-lite2': [4, 8, 15],
};

/** The encoder's own trunk where it has published weights. */
export function contrastTrunkOf({ networks }: Pick<RunConfig, 'networks'>): EfficientNetLiteName {
  const { trunk = 'convnext' } = networks.encoder;
  return trunk === 'convnext' ? 'efficientnet-lite2' : trunk;
}

/** Opens the trunk; undefined where the contrast takes G's own features. Throws WEIGHTS_INVALID where it was not fetched. */
export async function openContrastTrunk(
  config: RunConfig,
): Promise<{ readonly patches: EncodePair; dispose(): void } | undefined> {
  const { lambdaContrast, contrast } = config.stage1;
  if (contrast.features !== 'trunk' || lambdaContrast === 0) return undefined;
  const name = contrastTrunkOf(config);
  const trunk = trunkOf(name, await readTrunk(name));
  return { patches: trunkPatches(trunk, BLOCKS[name]), dispose: () => trunk.params.dispose() };
}
