// Seeded normal numbers for initial weights. (tf.randomNormal with seed 0 is unseeded.)

/** Uniform numbers in [0, 1): the project's one mulberry32. */
export { seededRandom as uniformGenerator } from 'skyfix/random';

/** `count` numbers from N(0, deviation²), truncated to ±2 deviations where `truncated` (as timm's trunc_normal_). */
export function normalNumbers(
  uniform: () => number,
  count: number,
  deviation: number,
  truncated = false,
): Float32Array {
  const numbers = new Float32Array(count);
  for (let filled = 0; filled < count; ) {
    // Box–Muller; 1 − u keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    for (const z of [radius * Math.cos(angle), radius * Math.sin(angle)]) {
      if (truncated && Math.abs(z) > 2) continue;
      if (filled < count) numbers[filled++] = z * deviation;
    }
  }
  return numbers;
}
