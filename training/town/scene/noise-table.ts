// Smooth noise from tables that are made once a thread: for what is asked millions of times a picture.
import { hash3 } from 'skyfix/random';

const SIDE = 64;
const WRAP = SIDE - 1;
const PLANE = 256;
const PLANE_WRAP = PLANE - 1;

/** [64^3] lattice of the noise in space. */
const space = Float32Array.from({ length: SIDE ** 3 }, (_, k) => hash3(k, 3, 91));
/** [256^2] lattice of the noise in the plane. */
const plane = Float32Array.from({ length: PLANE ** 2 }, (_, k) => hash3(k, 5, 92));

/** Value noise in space, 0..1; repeats every 64 units. */
export function noiseInSpace(x: number, y: number, z: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const iz = Math.floor(z);
  const fx = x - ix;
  const fy = y - iy;
  const fz = z - iz;
  const x0 = ix & WRAP;
  const x1 = (ix + 1) & WRAP;
  const y0 = (iy & WRAP) * SIDE;
  const y1 = ((iy + 1) & WRAP) * SIDE;
  const z0 = (iz & WRAP) * SIDE * SIDE;
  const z1 = ((iz + 1) & WRAP) * SIDE * SIDE;
  const a = lerp(space[z0 + y0 + x0] as number, space[z0 + y0 + x1] as number, fx);
  const b = lerp(space[z0 + y1 + x0] as number, space[z0 + y1 + x1] as number, fx);
  const c = lerp(space[z1 + y0 + x0] as number, space[z1 + y0 + x1] as number, fx);
  const d = lerp(space[z1 + y1 + x0] as number, space[z1 + y1 + x1] as number, fx);
  return lerp(lerp(a, b, fy), lerp(c, d, fy), fz);
}

/** Value noise in the plane with smooth slopes, 0..1; repeats every 256 units. */
export function noiseInPlane(x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const x0 = ix & PLANE_WRAP;
  const x1 = (ix + 1) & PLANE_WRAP;
  const y0 = (iy & PLANE_WRAP) * PLANE;
  const y1 = ((iy + 1) & PLANE_WRAP) * PLANE;
  return lerp(
    lerp(plane[y0 + x0] as number, plane[y0 + x1] as number, sx),
    lerp(plane[y1 + x0] as number, plane[y1 + x1] as number, sx),
    sy,
  );
}

const lerp = (a: number, b: number, t: number): number => a + (b - a) * t;
