// Seeded normal numbers for initial weights. (tf.randomNormal with seed 0 is unseeded.)

/** Uniform numbers in [0, 1): mulberry32, 32 bits of state. */
export function uniformGenerator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

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
