// Descriptors of stored feature maps by a head, a batch at a time.
import type { Descriptors } from '../../evaluation/index.js';
import { type GridHead, headRows, headSizes } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import type { FeatureStore } from '../../stores/index.js';
import { type CellCorner, middleCorner, readWindows } from './feature-pairs.js';
import { seenTensor, tensorOf } from './statistics.js';

const BATCH = 128;

/** The descriptor of the window at `corner` of every map; of the middle one unless told. */
export async function describeFeatures(
  head: GridHead,
  store: FeatureStore,
  corner?: CellCorner,
): Promise<Descriptors> {
  const { cells, dimensions } = headSizes(head);
  const data = new Float32Array(store.count * dimensions);
  for (let start = 0; start < store.count; start += BATCH) {
    const count = Math.min(BATCH, store.count - start);
    const rows = Array.from({ length: count }, (_, k) => start + k);
    const windows = readWindows(store, rows, cells, corner ?? middleCorner(store, cells));
    const output = tf.tidy(() => headRows(head, tensorOf(windows), seenTensor(windows)));
    data.set(await output.data(), start * dimensions);
    output.dispose();
  }
  return { count: store.count, dimensions, data };
}
