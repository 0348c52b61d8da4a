// Equirectangular panoramas by marching one ray of ground per column over the rasters, nearest things first.

import { bilinearWeights } from 'skyfix/geometry';
import { hash3, makeRng } from 'skyfix/random';
import { leafColour } from '../overhead/overhead.js';
import { CELL_M, type Scene, terrainAt, terrainWidth } from '../scene/scene.js';
import { wallColour } from './facade.js';
import { type Atmosphere, fillSky } from './sky.js';
import { tilt } from './tilt.js';

/** A camera in the town: grid metres, angles in degrees, heading clockwise from grid north. */
export interface TownCamera {
  readonly x: number;
  readonly y: number;
  readonly heightM: number;
  readonly gridHeadingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** The scene as one view's light sees it. */
export interface LitScene {
  readonly scene: Scene;
  readonly albedo: Uint8Array;
  readonly sunlight: Uint8Array;
}

const FAR_M = 420;

/** [height*width*3] RGB of a levelled camera; the centre column looks along the heading. */
function renderLevel(lit: LitScene, camera: TownCamera, air: Atmosphere, width: number): Uint8Array {
  const { scene, albedo, sunlight } = lit;
  const { n, height, tree, terrain } = scene;
  const rows = width / 2;
  const out = new Uint8Array(rows * width * 3);
  const tans = new Float64Array(rows);
  for (let v = 0; v < rows; v++) tans[v] = Math.tan(Math.PI * (0.5 - (v + 0.5) / rows));
  const tw = terrainWidth(scene.sideM);
  const ground0 = terrainAt(terrain, tw, camera.x, camera.y);
  const eye = ground0 + camera.heightM;
  const filled = new Uint8Array(rows);
  const ambient = 0.5 + 0.22 * (1 - air.clear);
  const direct = 0.14 + 0.52 * air.clear;
  const sunAz = (air.sunAzimuthDeg * Math.PI) / 180;
  const sunX = Math.sin(sunAz);
  const sunY = Math.cos(sunAz);
  const rgb = new Float64Array(3);
  const [gainR, gainG, gainB] = air.gain;
  const put = (v: number, u: number, distance: number): void => {
    const haze = Math.min(0.55, distance / 900);
    const o = (v * width + u) * 3;
    out[o] = clip(((rgb[0] as number) * (1 - haze) + 196 * haze) * gainR);
    out[o + 1] = clip(((rgb[1] as number) * (1 - haze) + 202 * haze) * gainG);
    out[o + 2] = clip(((rgb[2] as number) * (1 - haze) + 208 * haze) * gainB);
    filled[v] = 1;
  };
  const addCell = (ix: number, iy: number, weight: number): void => {
    const cx = ix < 0 ? 0 : ix >= n ? n - 1 : ix;
    const cy = iy < 0 ? 0 : iy >= n ? n - 1 : iy;
    const cell = cy * n + cx;
    const light = weight * (ambient + (direct * (sunlight[cell] as number)) / 255);
    rgb[0] = (rgb[0] as number) + (albedo[cell * 3] as number) * light;
    rgb[1] = (rgb[1] as number) + (albedo[cell * 3 + 1] as number) * light;
    rgb[2] = (rgb[2] as number) + (albedo[cell * 3 + 2] as number) * light;
  };
  /** Ground colour: bilinear near the camera, averaged along the ray farther away. */
  const groundAt = (dx: number, dy: number, r: number, spread: number, here: number): void => {
    rgb.fill(0);
    if (r < 12) {
      const gx = (camera.x + dx * r) / CELL_M - 0.5;
      const gy = (camera.y + dy * r) / CELL_M - 0.5;
      const ix = Math.floor(gx);
      const iy = Math.floor(gy);
      const [a, b, c, d] = bilinearWeights(gx - ix, gy - iy);
      addCell(ix, iy, a);
      addCell(ix + 1, iy, b);
      addCell(ix, iy + 1, c);
      addCell(ix + 1, iy + 1, d);
      if (r < 7) {
        const fine = 0.95 + 0.1 * hash3(Math.floor(gx * 6), Math.floor(gy * 6), 5);
        for (let c = 0; c < 3; c++) rgb[c] = (rgb[c] as number) * fine;
      }
      // The colour of something upright must not bleed down onto the ground beside it.
      if ((height[Math.floor(gy + 0.5) * n + Math.floor(gx + 0.5)] as number) === here) return;
      rgb.fill(0);
      addCell(Math.floor(gx + 0.5), Math.floor(gy + 0.5), 1);
      return;
    }
    for (const offset of [-0.33, 0, 0.33]) {
      const rr = r + offset * spread;
      addCell(Math.floor((camera.x + dx * rr) / CELL_M), Math.floor((camera.y + dy * rr) / CELL_M), 1 / 3);
    }
  };
  for (let u = 0; u < width; u++) {
    const azimuth = (camera.gridHeadingDeg * Math.PI) / 180 + ((u + 0.5) / width - 0.5) * 2 * Math.PI;
    const dx = Math.sin(azimuth);
    const dy = Math.cos(azimuth);
    filled.fill(0);
    let bottom = rows;
    let rBefore = 0.02;
    let zBefore = ground0;
    let ohBefore = 0;
    let r = 0.1;
    while (r < FAR_M) {
      const x = camera.x + dx * r;
      const y = camera.y + dy * r;
      const ix = Math.floor(x * 4);
      const iy = Math.floor(y * 4);
      if (ix < 0 || iy < 0 || ix >= n || iy >= n) break;
      const cell = iy * n + ix;
      const ground = terrainAt(terrain, tw, x, y);
      const oh = (height[cell] as number) * 0.01;
      const z = ground + oh;
      const slope = (z - eye) / r;
      if (bottom > 0 && (tans[bottom - 1] as number) <= slope) {
        const step = oh - ohBefore > 0.35;
        while (bottom > 0 && (tans[bottom - 1] as number) <= slope) {
          bottom--;
          if (filled[bottom] === 1) continue;
          const t = tans[bottom] as number;
          const zHit = eye + r * t;
          if (step && zHit > zBefore + 0.03) {
            wallColour(scene, cell, x, y, zHit - ground, ambient, direct, sunX, sunY, rgb);
            put(bottom, u, r);
            continue;
          }
          let rr: number;
          if (step) rr = t < 0 ? (zBefore - eye) / t : r;
          else {
            const k = (z - zBefore) / (r - rBefore);
            rr = (zBefore - k * rBefore - eye) / (t - k);
          }
          rr = rr < rBefore || !(rr <= r) ? (rr < rBefore ? rBefore : r) : rr;
          groundAt(dx, dy, rr, Math.max(0.25, rr * rr * 0.0025), height[cell] as number);
          put(bottom, u, rr);
        }
      }
      const id = tree[cell] as number;
      if (id > 0) {
        const t = scene.trees[id - 1];
        if (t !== undefined) {
          const ex = x - t.x;
          const ey = y - t.y;
          const q = 1 - (ex * ex + ey * ey) / (t.radiusM * t.radiusM);
          if (q > 0.02) {
            const half = t.halfHeightM * Math.sqrt(q);
            const top = ground + t.centreM + half;
            const low = ground + Math.max(t.centreM - half * 0.85, 1.6);
            const from = Math.max(0, Math.ceil(rows * (0.5 - Math.atan((top - eye) / r) / Math.PI) - 0.5));
            const to = Math.min(
              bottom - 1,
              Math.floor(rows * (0.5 - Math.atan((low - eye) / r) / Math.PI) - 0.5),
            );
            const leaf = leafColour(t.kind, t.hash, air.autumn);
            const open = t.kind === 1 ? 0.12 : air.autumn ? (t.kind === 2 ? 0.8 : 0.42) : 0.25;
            for (let v = from; v <= to; v++) {
              if (filled[v] === 1) continue;
              const zz = eye + r * (tans[v] as number);
              const grain = r < 30 ? 8 : 4;
              const clump = hash3(Math.floor(x * grain), Math.floor(y * grain), Math.floor(zz * grain));
              const big = hash3(Math.floor(x * 1.4), Math.floor(y * 1.4), Math.floor(zz * 1.4) + 99);
              if (clump * 0.7 + big * 0.3 < open) continue;
              const facing = 0.5 + 0.5 * ((ex * sunX + ey * sunY) / t.radiusM);
              const vertical = (zz - low) / Math.max(top - low, 0.1);
              const shade = (0.5 + 0.35 * vertical + 0.2 * facing * air.clear) * (0.72 + 0.45 * clump);
              rgb[0] = leaf[0] * shade;
              rgb[1] = leaf[1] * shade;
              rgb[2] = leaf[2] * shade;
              put(v, u, r);
            }
          }
        }
      }
      rBefore = r;
      zBefore = z;
      ohBefore = oh;
      r += r < 10 ? 0.1 : r * 0.01;
    }
    fillSky(filled, bottom, u, azimuth, tans, air, rgb, put);
  }
  return out;
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));

/** [width/2*width*3] RGB of a camera with its pitch, roll and noise. */
export function renderPanorama(
  lit: LitScene,
  camera: TownCamera,
  air: Atmosphere,
  width: number,
): Uint8Array {
  const level = renderLevel(lit, camera, air, width);
  const tilted =
    camera.pitchDeg === 0 && camera.rollDeg === 0
      ? level
      : tilt(level, width, camera.pitchDeg, camera.rollDeg);
  if (air.noise > 0) {
    const rng = makeRng(air.seed, 30);
    const table = Float32Array.from({ length: 4096 }, () => rng.normal() * air.noise);
    for (let k = 0; k < tilted.length; k++) {
      tilted[k] = clip((tilted[k] as number) + (table[Math.floor(hash3(k, air.seed, 8) * 4096)] as number));
    }
  }
  return tilted;
}
