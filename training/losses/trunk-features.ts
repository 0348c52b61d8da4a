// Patches of a frozen trunk's features, for the contrast of equation (4) in place of the generator's own encoder: what the
// search compares is then what G learns to bring together.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type Trunk, unitLength } from '../networks/index.js';
import { tf } from '../runtime/index.js';
import type { EncodePair } from './patch-contrast.js';

/** Added to the variance of a channel, which may not change at all. */
const EPSILON = 1e-6;

/**
 * Unit vectors of the maps after `blocks` of a trunk, for images in [−1, 1], the generator's range. Channels are standardised by
 * mean and deviation over the positives' cells, which are constants: else all cells of all images point the same way. The
 * gradient reaches the anchors alone, through the trunk, whose parameters are constants too.
 */
export function trunkPatches(trunk: Trunk, blocks: readonly number[]): EncodePair {
  const mapsOf = (images: Tensor4D) => trunk.maps(images.add(1).div(2), blocks);
  return (anchors, positives) => {
    const [found, wanted] = [mapsOf(anchors), mapsOf(positives)];
    const pairs = found.map((anchor, layer) => {
      const positive = wanted[layer] as Tensor4D;
      const { mean, variance } = tf.moments(positive, [0, 1, 2], true);
      const scale = variance.add(EPSILON).rsqrt();
      const standard = (map: Tensor4D): Tensor4D => unitLength(map.sub(mean).mul(scale));
      return [standard(anchor), standard(positive)] as const;
    });
    return [pairs.map(([anchor]) => anchor), pairs.map(([, positive]) => positive)];
  };
}
