// Feature maps in memory, for tests.
import { sha256OfBytes } from 'skyfix/files';
import type { FeatureStore } from '../../stores/index.js';

/** A store of maps [count, cells, cells, channels]; everything is seen unless told. */
export function memoryFeatures(
  features: Float32Array,
  cells: number,
  channels: number,
  seen = new Float32Array(features.length / channels).fill(1),
): FeatureStore {
  const window = cells * cells;
  return {
    cells,
    channels,
    count: seen.length / window,
    digest: sha256OfBytes(new Uint8Array(features.buffer)),
    read: (index, out, outSeen, at = 0) => {
      out.set(
        features.subarray(index * window * channels, (index + 1) * window * channels),
        at * window * channels,
      );
      outSeen.set(seen.subarray(index * window, (index + 1) * window), at * window);
    },
    close: () => {},
  };
}
