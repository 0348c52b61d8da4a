// Normal numbers from uniform ones.

/** Two independent numbers from N(0, 1) of two uniform ones in [0, 1) (Box and Muller 1958). */
export function normalPair(uniform: () => number): readonly [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u keeps the logarithm finite
  const angle = 2 * Math.PI * uniform();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
