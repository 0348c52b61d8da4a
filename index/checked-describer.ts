// Describing batches of tiles with a look at whether the encoder keeps to its contract.
import { BATCH_TOLERANCE } from '../src/bundles/index.js';
import type { Describer } from '../src/describe/index.js';
import { SkyfixError } from '../src/errors/index.js';
import type { RgbImage } from '../src/geometry/index.js';

/** Batches of which one tile is described alone, too: the first, and then every so manieth. */
const CHECKED_BATCHES = 16;

/**
 * Descriptors of the tiles of a batch, one behind the other. An encoder whose answer depends on what else is in the batch, or
 * on a tile's place in it, is refused: queries come in other batches. Throws NETWORK_INVALID.
 */
export function checkedDescriber(
  describer: Describer,
  dimensions: number,
): (images: readonly RgbImage[]) => Promise<Float32Array> {
  let batches = 0;
  return async (images) => {
    if (images.length === 0) return new Float32Array(0);
    const batch = batches++;
    const { data } = await describer.describe(images);
    // Of the first batch every tile: wrong places may be few.
    const checked =
      batch === 0
        ? images.keys()
        : batch % CHECKED_BATCHES === 0
          ? [(batch / CHECKED_BATCHES) % images.length]
          : [];
    for (const place of checked) {
      const { data: alone } = await describer.describe([images[place] as RgbImage]);
      const apart = alone.reduce(
        (most, value, k) => Math.max(most, Math.abs(value - (data[place * dimensions + k] as number))),
        0,
      );
      if (apart <= BATCH_TOLERANCE) continue;
      throw new SkyfixError(
        'NETWORK_INVALID',
        `The encoder's descriptor of a tile in a batch of ${images.length} (place ${place + 1}) ` +
          `differs by ${apart} from the one alone.`,
      );
    }
    return data;
  };
}
