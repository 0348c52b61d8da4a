// Seeded normal numbers for initial weights. (tf.randomNormal with seed 0 is unseeded.)
import { normalPair } from 'skyfix/random';

/** `count` numbers from N(0, deviation²), truncated to ±2 deviations where `truncated` (as timm's trunc_normal_). */
export function normalNumbers(
  uniform: () => number,
  count: number,
  deviation: number,
  truncated = false,
): Float32Array {
  const numbers = new Float32Array(count);
  for (let filled = 0; filled < count; ) {
    for (const z of normalPair(uniform)) {
      if (truncated && Math.abs(z) > 2) continue;
      if (filled < count) numbers[filled++] = z * deviation;
    }
  }
  return numbers;
}
