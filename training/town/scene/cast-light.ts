// Sun and sky on a world's ground and crowns: deep shadows that follow the sun, corners that see little sky.
import { hash3 } from 'skyfix/random';
import type { Sun } from './light.js';
import { CELL_M, type Scene } from './scene.js';
import { sweepFromSun } from './sun-sweep.js';

export interface Light {
  /** [n*n] 255 in the sun, 0 in full shadow: ground, roofs, cars. */
  readonly ground: Uint8Array;
  /** [n*n] the same on the crowns' upper side. */
  readonly crown: Uint8Array;
  /** [n*n] share of the sky that the ground sees, 255 all of it. */
  readonly sky: Uint8Array;
}

/** Light of one sun. Bare crowns (`open` by tree) let it through. */
export function castLight(scene: Scene, crowns: Uint16Array, open: Float32Array, sun: Sun): Light {
  const { n, height, tree } = scene;
  const ground = new Uint8Array(new SharedArrayBuffer(n * n));
  const crown = new Uint8Array(new SharedArrayBuffer(n * n));
  sweepFromSun(n, CELL_M, sun, (cell, shadow, towards) => {
    // The neighbours towards the sun, for the slope of roofs and crowns.
    const toSunX = towards.east > 0 ? 1 : -1;
    const toSunY = (towards.north > 0 ? 1 : -1) * n;
    const own = (height[cell] as number) * 0.01;
    const depth = shadow - own;
    let light = depth <= 0 ? 1 : depth > 0.4 ? 0 : 1 - depth / 0.4;
    if (own > 2) {
      const slopeX = own - (height[cell + toSunX] ?? 0) * 0.01;
      const slopeY = own - (height[cell + toSunY] ?? 0) * 0.01;
      if (Math.abs(slopeX) < 0.5 && Math.abs(slopeY) < 0.5) {
        const facing = (slopeX * Math.abs(towards.east) + slopeY * Math.abs(towards.north)) * 4;
        light *= Math.min(Math.max(0.8 + facing * 0.5, 0.05), 1.1) / 1.1;
      }
    }
    ground[cell] = light * 255;
    let tallest = Math.max(shadow, own);
    const top = (crowns[cell] as number) * 0.01;
    if (top > 0) {
      const slopeX = top - (crowns[cell + toSunX] ?? 0) * 0.01;
      const slopeY = top - (crowns[cell + toSunY] ?? 0) * 0.01;
      const facing = bounded(slopeX) * Math.abs(towards.east) + bounded(slopeY) * Math.abs(towards.north);
      const under = shadow - top;
      const lit = under <= 0 ? 1 : under > 1.2 ? 0 : 1 - under / 1.2;
      crown[cell] = 255 * lit * Math.min(Math.max(0.52 + facing * 1.1, 0.03), 1);
      const seen = open[tree[cell] as number] as number;
      // What is bare casts the shadow of twigs: here a line, there none.
      if (seen < 0.6 || hash3(cell, 7, 7) > seen) tallest = Math.max(tallest, top);
    }
    return tallest;
  });
  return { ground, crown, sky: skyShare(scene, crowns, open) };
}

const bounded = (slope: number): number => (slope > 0.6 ? 0.6 : slope < -0.6 ? -0.6 : slope);

/** How much sky a cell sees: from the mean height of what stands within about 5 m, on a grid of 1 m. */
function skyShare(scene: Scene, crowns: Uint16Array, open: Float32Array): Uint8Array {
  const { n, height, tree } = scene;
  const m = Math.ceil(n / 4);
  const mean = new Float32Array(m * m);
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < m; i++) {
      const cell = Math.min(j * 4 + 1, n - 1) * n + Math.min(i * 4 + 1, n - 1);
      const leaves = (crowns[cell] as number) * (1 - (open[tree[cell] as number] as number));
      mean[j * m + i] = Math.max(height[cell] as number, leaves * 0.7) * 0.01;
    }
  }
  for (let round = 0; round < 2; round++) {
    blurRows(mean, m, 1);
    blurRows(mean, m, m);
  }
  const out = new Uint8Array(new SharedArrayBuffer(n * n));
  for (let iy = 0; iy < n; iy++) {
    for (let ix = 0; ix < n; ix++) {
      const cell = iy * n + ix;
      const above = (mean[(iy >> 2) * m + (ix >> 2)] as number) - (height[cell] as number) * 0.01;
      out[cell] = above <= 0 ? 255 : 255 / (1 + 0.16 * above);
    }
  }
  return out;
}

/** A running mean of 7 along one direction, in place. */
function blurRows(values: Float32Array, m: number, stride: number): void {
  const other = stride === 1 ? m : 1;
  const line = new Float32Array(m);
  for (let j = 0; j < m; j++) {
    const start = j * other;
    for (let i = 0; i < m; i++) line[i] = values[start + i * stride] as number;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let k = -3; k <= 3; k++) sum += line[Math.min(Math.max(i + k, 0), m - 1)] as number;
      values[start + i * stride] = sum / 7;
    }
  }
}
