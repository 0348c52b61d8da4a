// Trunks as ONNX files, as features are made by them: with the published weights, or with random ones for a lower bound.
import { join } from 'node:path';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
import { exportTrunkOnnx, readTrunk, torchLayout } from '../export/index.js';
import type { TrunkFile } from '../features/index.js';
import {
  type EfficientNetLiteName,
  featureChannels,
  type NamedArray,
  trunkDesign,
} from '../networks/index.js';

/** The published trunk up to some blocks, written to a folder. Throws WEIGHTS_INVALID where it was not fetched yet. */
export async function publishedTrunk(
  name: EfficientNetLiteName,
  blocks: readonly number[],
  dir: string,
): Promise<TrunkFile> {
  return writeTrunk(name, blocks, await readTrunk(name), join(dir, `${name}-${blocks.join('-')}.onnx`));
}

/** The same network with random weights. */
export function randomTrunk(
  name: EfficientNetLiteName,
  blocks: readonly number[],
  seed: number,
  dir: string,
): Promise<TrunkFile> {
  const specs = trunkDesign(name).specs(Math.max(...blocks), seed);
  const arrays = torchLayout(Object.fromEntries(specs.map((spec) => [spec.name, spec])));
  return writeTrunk(name, blocks, arrays, join(dir, `${name}-${blocks.join('-')}-random-${seed}.onnx`));
}

async function writeTrunk(
  name: EfficientNetLiteName,
  blocks: readonly number[],
  arrays: Readonly<Record<string, NamedArray>>,
  path: string,
): Promise<TrunkFile> {
  const bytes = exportTrunkOnnx(name, arrays, blocks);
  await writeFileAtomic(path, bytes);
  return { path, sha256: sha256OfBytes(bytes), channels: featureChannels(trunkDesign(name).blocks, blocks) };
}
