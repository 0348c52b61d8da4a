// A trunk of the user's cache folder, or of a file, as a network.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import {
  createEfficientNetLite,
  type EfficientNetLiteName,
  efficientNetLiteBlocks,
  type NamedArray,
  type Trunk,
} from '../networks/index.js';
import { cachedTrunk, readSafetensors, trunkPath } from '../weights/index.js';
import { readGridWeights } from './grid-weights.js';
import { ownLayout, torchLayout } from './torch-layout.js';

/**
 * The arrays of a trunk up to block `last` (the last one when absent) in PyTorch's layout: of the safetensors file `path`, of a
 * trunk alone or with a head, else of the cache folder (see fetchTrunk). Throws WEIGHTS_INVALID.
 */
export async function readTrunk(
  name: EfficientNetLiteName,
  path?: string,
  last = efficientNetLiteBlocks(name).length - 1,
): Promise<Record<string, NamedArray>> {
  if (path === undefined) return readSafetensors(await cachedTrunk(name), trunkPath(name));
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read.`, { cause });
  });
  return torchLayout(readGridWeights(name, last, bytes, path).params);
}

/** The network of arrays in PyTorch's layout. Throws DATASET_INVALID where one is missing or has another shape. */
export function trunkOf(name: EfficientNetLiteName, arrays: Readonly<Record<string, NamedArray>>): Trunk {
  const trunk = createEfficientNetLite(name);
  trunk.params.load(ownLayout(arrays));
  return trunk;
}
