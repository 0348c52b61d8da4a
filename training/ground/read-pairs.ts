// The pairs that a fit looks at, drawn by seed and read some at a time.
import type { BundleGeometry } from 'skyfix/bundles';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { type CrossViewDataset, type CrossViewPair, ImageReader } from '../datasets/index.js';
import { type PolarPair, readPolarPair } from './polar-pair.js';

const AT_ONCE = 3;

/** Reads pairs, in their order. Throws DATASET_INVALID that names file and line where an image cannot be read. */
export async function readPolarPairs(
  dataset: CrossViewDataset,
  pairs: readonly CrossViewPair[],
  geometry: BundleGeometry,
  tell: (done: number, total: number) => void = () => {},
): Promise<PolarPair[]> {
  const reader = new ImageReader();
  const read: PolarPair[] = [];
  const queue = pairs.entries();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (const [k, pair] of queue) {
      read[k] = await readPolarPair(dataset, pair, geometry, reader).catch((error: unknown) => {
        throw unreadable(pair, error);
      });
      tell(++done, pairs.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    await reader.close();
  }
  return read;
}

/** What an image of a pair that cannot be used is told as. */
export function unreadable({ id, listedAt }: CrossViewPair, error: unknown): SkyfixError {
  const detail =
    `${listedAt}: an image of "${id}" cannot be read (${messageOf(error)}). All ` +
    'are checked with --check-images.';
  return new SkyfixError('DATASET_INVALID', detail, { cause: error });
}
