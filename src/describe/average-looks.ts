// One view of a place for each camera height that its photo may have been taken from: what they show together.
import { SkyfixError } from '../errors/index.js';
import type { Look } from './looks.js';

/**
 * The looks of several views of one place, [views][looks] of the same offsets, as one: the mean of each look's descriptors,
 * of unit length. Its cosine with a tile is the mean of the views' cosines, times a factor that is the same for all tiles.
 * Throws INTERNAL where no direction is left.
 */
export function averageLooks(views: readonly (readonly Look[])[]): readonly Look[] {
  const [first = []] = views;
  if (views.length <= 1) return first;
  return first.map(({ eastM, northM, descriptor }, k) => {
    const sum = new Float64Array(descriptor.length);
    for (const looks of views) {
      const { descriptor: other = new Float32Array() } = looks[k] ?? {};
      for (let d = 0; d < sum.length; d++) sum[d] = (sum[d] as number) + (other[d] ?? Number.NaN);
    }
    const length = Math.hypot(...sum);
    if (!(length > 0)) {
      throw new SkyfixError(
        'INTERNAL',
        `The look ${eastM},${northM} m from the camera says the opposite under two of ${views.length} camera heights.`,
      );
    }
    return { eastM, northM, descriptor: Float32Array.from(sum, (value) => value / length) };
  });
}
