// The town's panoramas: what its streets look like in their season, light and air.

import { bilinearWeights } from 'skyfix/geometry';
import { hash3 } from 'skyfix/random';
import { leafColour } from '../overhead/overhead.js';
import { CELL_M, type Scene, type Tree } from '../scene/scene.js';
import { wallColour } from './facade.js';
import { marchPanorama, type TownCamera, type ViewShader } from './march.js';
import { addNoise } from './noise.js';
import { type Atmosphere, fillSky } from './sky.js';
import { tilt } from './tilt.js';

/** The scene as one view's light sees it. */
export interface LitScene {
  readonly scene: Scene;
  readonly albedo: Uint8Array;
  readonly sunlight: Uint8Array;
}

/** [height*width*3] RGB of a levelled camera; the centre column looks along the heading. */
function renderLevel(lit: LitScene, camera: TownCamera, air: Atmosphere, width: number): Uint8Array {
  const { scene, albedo, sunlight } = lit;
  const { n, height, tree } = scene;
  const rows = width / 2;
  const out = new Uint8Array(rows * width * 3);
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
  const ground = (dx: number, dy: number, r: number, spread: number, here: number): void => {
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
  let crown: Tree | undefined;
  let [ex, ey, low, top] = [0, 0, 0, 0];
  let leafRgb: readonly [number, number, number] = [0, 0, 0];
  let open = 0;
  const shader: ViewShader = {
    filled,
    put,
    ground,
    wall: (cell, x, y, heightM) => wallColour(scene, cell, x, y, heightM, ambient, direct, sunX, sunY, rgb),
    crown: (cell, x, y, groundM, span) => {
      const t = scene.trees[(tree[cell] as number) - 1];
      if (t === undefined) return false;
      ex = x - t.x;
      ey = y - t.y;
      const q = 1 - (ex * ex + ey * ey) / (t.radiusM * t.radiusM);
      if (!(q > 0.02)) return false;
      const half = t.halfHeightM * Math.sqrt(q);
      top = groundM + t.centreM + half;
      low = groundM + Math.max(t.centreM - half * 0.85, 1.6);
      span[0] = low;
      span[1] = top;
      crown = t;
      leafRgb = leafColour(t.kind, t.hash, air.autumn);
      open = t.kind === 1 ? 0.12 : air.autumn ? (t.kind === 2 ? 0.8 : 0.42) : 0.25;
      return true;
    },
    leaf: (x, y, zz, r) => {
      if (crown === undefined) return false;
      const grain = r < 30 ? 8 : 4;
      const clump = hash3(Math.floor(x * grain), Math.floor(y * grain), Math.floor(zz * grain));
      const big = hash3(Math.floor(x * 1.4), Math.floor(y * 1.4), Math.floor(zz * 1.4) + 99);
      if (clump * 0.7 + big * 0.3 < open) return false;
      const facing = 0.5 + 0.5 * ((ex * sunX + ey * sunY) / crown.radiusM);
      const vertical = (zz - low) / Math.max(top - low, 0.1);
      const shade = (0.5 + 0.35 * vertical + 0.2 * facing * air.clear) * (0.72 + 0.45 * clump);
      rgb[0] = leafRgb[0] * shade;
      rgb[1] = leafRgb[1] * shade;
      rgb[2] = leafRgb[2] * shade;
      return true;
    },
    sky: (_filled, bottom, u, azimuth, tans) => fillSky(filled, bottom, u, azimuth, tans, air, rgb, put),
  };
  marchPanorama(scene, camera, width, shader);
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
  if (air.noise > 0) addNoise(tilted, air.noise, air.seed);
  return tilted;
}
