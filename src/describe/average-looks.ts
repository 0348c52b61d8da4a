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
  return first.map(({ eastM, northM }, k) => {
    const descriptor = meanDescriptor(views.map((looks) => looks[k]?.descriptor ?? new Float32Array()));
    if (descriptor) return { eastM, northM, descriptor };
    throw new SkyfixError(
      'INTERNAL',
      `The look ${eastM},${northM} m from the camera says the opposite under two of ${views.length} camera heights.`,
    );
  });
}

/** The mean of some descriptors [D], of unit length; undefined where no direction is left. */
export function meanDescriptor(descriptors: readonly Float32Array[]): Float32Array | undefined {
  const sum = new Float64Array(descriptors[0]?.length ?? 0);
  for (const descriptor of descriptors) {
    for (let d = 0; d < sum.length; d++) sum[d] = (sum[d] as number) + (descriptor[d] as number);
  }
  let squares = 0;
  for (let d = 0; d < sum.length; d++) squares += (sum[d] as number) * (sum[d] as number);
  const length = Math.sqrt(squares);
  const mean = new Float32Array(sum.length);
  for (let d = 0; d < mean.length; d++) mean[d] = (sum[d] as number) / length;
  return length > 0 ? mean : undefined;
}
