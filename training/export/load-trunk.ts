// A trunk of the user's cache folder, or of a file, as a network.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from 'skyfix/errors';
import {
  createEfficientNetLite,
  type EfficientNetLiteName,
  type NamedArray,
  type Trunk,
} from '../networks/index.js';
import { cachedTrunk, readSafetensors, trunkPath } from '../weights/index.js';
import { ownLayout } from './torch-layout.js';

/**
 * The arrays of a trunk in PyTorch's layout, of the safetensors file `path`, else of the cache folder (see fetchTrunk). Throws
 * WEIGHTS_INVALID.
 */
export async function readTrunk(
  name: EfficientNetLiteName,
  path?: string,
): Promise<Record<string, NamedArray>> {
  if (path === undefined) return readSafetensors(await cachedTrunk(name), trunkPath(name));
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read.`, { cause });
  });
  return readSafetensors(bytes, path);
}

/** The network of arrays in PyTorch's layout. Throws DATASET_INVALID where one is missing or has another shape. */
export function trunkOf(name: EfficientNetLiteName, arrays: Readonly<Record<string, NamedArray>>): Trunk {
  const trunk = createEfficientNetLite(name);
  trunk.params.load(ownLayout(arrays));
  return trunk;
}
