// Smooth noise that repeats without a seam.
import { bilinear } from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';

/** Tileable value noise in [-1, 1] with features of `cells` cells. */
export function smoothNoise(size: number, cells: number, seed: number): Float32Array {
  const rng = makeRng(seed, 20);
  const m = Math.max(2, Math.round(size / cells));
  const lattice = Float32Array.from({ length: m * m }, () => rng.range(-1, 1));
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const gy = (y / size) * m;
    const y0 = Math.floor(gy);
    const fy = smooth(gy - y0);
    for (let x = 0; x < size; x++) {
      const gx = (x / size) * m;
      const x0 = Math.floor(gx);
      const fx = smooth(gx - x0);
      const at = (i: number, j: number): number => lattice[(j % m) * m + (i % m)] as number;
      out[y * size + x] = bilinear(at(x0, y0), at(x0 + 1, y0), at(x0, y0 + 1), at(x0 + 1, y0 + 1), fx, fy);
    }
  }
  return out;
}

const smooth = (t: number): number => t * t * (3 - 2 * t);
