// Between four neighbours: a and b in one row, c and d below (or north of) them; fx and fy from 0 to 1 along and across.
// Projection (bev.ts) does the same on integers.

/** The value at fx, fy. */
export function bilinear(a: number, b: number, c: number, d: number, fx: number, fy: number): number {
  return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy;
}

/** How much a, b, c and d count at fx, fy: together 1. For neighbours some of which may be missing. */
export function bilinearWeights(fx: number, fy: number): readonly [number, number, number, number] {
  return [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
}
