// Descriptors of stored feature maps by a head, a batch at a time.
import type { Descriptors } from '../../evaluation/index.js';
import { type GridHead, headRows, headSizes } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import type { FeatureStore } from '../../stores/index.js';
import { type CellCorner, middleCorner, readWindows } from './feature-pairs.js';
import { seenTensor, tensorOf } from './statistics.js';

const BATCH = 128;

/** Descriptors of some maps of a store, all unless told: of the window at `corner`, of the middle one unless told. */
export async function describeFeatures(
  head: GridHead,
  store: FeatureStore,
  options: { readonly corner?: CellCorner; readonly rows?: readonly number[] } = {},
): Promise<Descriptors> {
  const { cells, dimensions } = headSizes(head);
  const { corner = middleCorner(store, cells) } = options;
  const { rows = Array.from({ length: store.count }, (_, row) => row) } = options;
  const data = new Float32Array(rows.length * dimensions);
  for (let start = 0; start < rows.length; start += BATCH) {
    const windows = readWindows(store, rows.slice(start, start + BATCH), cells, corner);
    const output = tf.tidy(() => headRows(head, tensorOf(windows), seenTensor(windows)));
    data.set(await output.data(), start * dimensions);
    output.dispose();
  }
  return { count: rows.length, dimensions, data };
}
