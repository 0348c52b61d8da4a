// Equirectangular panoramas by marching one ray of ground per column over the rasters, nearest things first.
import { M, MATERIALS } from './materials.js';
import { leafColour } from './overhead.js';
import { hash3, makeRng } from './rng.js';
import { CELL_M, type Scene, terrainAt, terrainWidth } from './scene.js';

/** A camera in the town: grid metres, angles in degrees, heading clockwise from grid north. */
export interface TownCamera {
  readonly x: number;
  readonly y: number;
  readonly heightM: number;
  readonly gridHeadingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** The air of a panorama: sun, clouds and the camera's exposure. */
export interface Atmosphere {
  readonly sunAzimuthDeg: number;
  /** 0 overcast … 1 clear. */
  readonly clear: number;
  readonly gain: readonly [number, number, number];
  readonly autumn: boolean;
  /** Standard deviation of pixel noise, grey levels. */
  readonly noise: number;
  readonly seed: number;
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
      const fx = gx - ix;
      const fy = gy - iy;
      addCell(ix, iy, (1 - fx) * (1 - fy));
      addCell(ix + 1, iy, fx * (1 - fy));
      addCell(ix, iy + 1, (1 - fx) * fy);
      addCell(ix + 1, iy + 1, fx * fy);
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

/** Colour of an upright surface at a height above the ground: façades have windows, doors and shop fronts. */
function wallColour(
  scene: Scene,
  cell: number,
  x: number,
  y: number,
  heightM: number,
  ambient: number,
  direct: number,
  sunX: number,
  sunY: number,
  rgb: Float64Array,
): void {
  const house = scene.buildings[(scene.building[cell] as number) - 1];
  if (house === undefined) {
    const value = scene.material[cell] as number;
    const entry = MATERIALS[value];
    const colour = entry === undefined ? [128, 128, 128] : entry.autumn;
    let shade = ambient * 0.9 + direct * 0.35;
    const car = value >= M.carWhite && value <= M.carGlass;
    if (car && heightM > 0.85) {
      rgb[0] = 42;
      rgb[1] = 50;
      rgb[2] = 58;
      return;
    }
    if (car && heightM < 0.3) shade *= 0.3;
    if (value === M.person) {
      const tint = hash3(cell, 1, 1);
      rgb[0] = (heightM > 1.45 ? 190 : 60 + 140 * tint) * shade;
      rgb[1] = (heightM > 1.45 ? 150 : 60 + 110 * hash3(cell, 2, 1)) * shade;
      rgb[2] = (heightM > 1.45 ? 128 : 70 + 120 * hash3(cell, 3, 1)) * shade;
      return;
    }
    if (value === M.hedge || value === M.trunk)
      shade *= 0.75 + 0.4 * hash3(Math.floor(x * 9), Math.floor(y * 9), Math.floor(heightM * 9));
    if (value === M.fence && Math.floor((x + y) * 6) % 2 === 0) shade *= 0.82;
    rgb[0] = (colour[0] as number) * shade;
    rgb[1] = (colour[1] as number) * shade;
    rgb[2] = (colour[2] as number) * shade;
    return;
  }
  const cos = Math.cos(house.angle);
  const sin = Math.sin(house.angle);
  const u = (x - house.x) * cos + (y - house.y) * sin;
  const v = -(x - house.x) * sin + (y - house.y) * cos;
  const gableEnd = Math.abs(u) - house.halfU > Math.abs(v) - house.halfV;
  const s = gableEnd ? v + house.halfV : u + house.halfU;
  const wide = 2 * (gableEnd ? house.halfV : house.halfU);
  const nx = gableEnd ? Math.sign(u) * cos : -Math.sign(v) * sin;
  const ny = gableEnd ? Math.sign(u) * sin : Math.sign(v) * cos;
  const facing = Math.max(0, nx * sunX + ny * sunY);
  let shade = ambient * 0.95 + direct * facing;
  const storey = house.style === 3 ? 4 : 2.9;
  const bays = Math.max(1, Math.round(wide / (house.style === 3 ? 6 : house.style === 2 ? 3.4 : 2.6)));
  const bay = Math.floor((s / wide) * bays);
  const inBay = (s / wide) * bays - bay;
  const floor = Math.floor(heightM / storey);
  const inFloor = heightM / storey - floor;
  let [r, g, b] = house.wall as readonly number[] as [number, number, number];
  const side = gableEnd ? 7 : v > 0 ? 3 : 5;
  const roll = hash3(bay, floor, Math.floor(house.hash * 1e6) + side);
  const doorBay = Math.floor(house.hash * bays);
  if (heightM > house.eaveM - 0.18 && heightM < house.eaveM + 0.05) shade *= 0.72;
  else if (heightM < 0.45) shade *= 0.78;
  else if (heightM < house.eaveM) {
    const shop = house.style === 1 && floor === 0 && !gableEnd;
    const window = shop
      ? inBay > 0.1 && inBay < 0.9 && inFloor > 0.18 && inFloor < 0.78
      : house.style === 3
        ? inFloor > 0.62 && inFloor < 0.85 && inBay > 0.1 && inBay < 0.9 && roll > 0.3
        : inBay > 0.27 && inBay < 0.73 && inFloor > 0.32 && inFloor < 0.8 && (!gableEnd || roll > 0.45);
    const frame =
      !shop &&
      house.style !== 3 &&
      !window &&
      inBay > 0.22 &&
      inBay < 0.78 &&
      inFloor > 0.27 &&
      inFloor < 0.85 &&
      (!gableEnd || roll > 0.45);
    if (
      floor === 0 &&
      bay === doorBay &&
      inBay > 0.25 &&
      inBay < 0.75 &&
      heightM < (house.style === 3 ? 3.6 : 2.2)
    ) {
      r = house.style === 3 ? 150 : 70 + 90 * house.hash;
      g = house.style === 3 ? 154 : 54 + 50 * (1 - house.hash);
      b = house.style === 3 ? 160 : 44 + 60 * ((house.hash * 7) % 1);
    } else if (window) {
      r = 62 + 60 * roll;
      g = 76 + 58 * roll;
      b = 90 + 56 * roll;
      if (house.style === 2 && roll > 0.75 && inFloor < 0.5) r = g = b = 205;
    } else if (frame) r = g = b = 226;
  }
  if (house.style === 3 && heightM > 0.45) shade *= Math.floor(s * 2.5) % 2 === 0 ? 0.96 : 1.02;
  shade *= 0.97 + 0.06 * hash3(Math.floor(s * 4), Math.floor(heightM * 4), side);
  rgb[0] = r * shade;
  rgb[1] = g * shade;
  rgb[2] = b * shade;
}

function fillSky(
  filled: Uint8Array,
  bottom: number,
  u: number,
  azimuth: number,
  tans: Float64Array,
  air: Atmosphere,
  rgb: Float64Array,
  put: (v: number, u: number, distance: number) => void,
): void {
  const hills =
    0.022 + 0.012 * Math.sin(azimuth * 3 + air.seed) + 0.008 * Math.sin(azimuth * 7 + air.seed * 2);
  for (let v = 0; v < bottom; v++) {
    if (filled[v] === 1) continue;
    const t = tans[v] as number;
    if (t < hills) {
      rgb[0] = 112;
      rgb[1] = 120;
      rgb[2] = 104;
      put(v, u, 330);
      continue;
    }
    const up = Math.atan(t) / (Math.PI / 2);
    const px = Math.sin(azimuth) / (t + 0.12);
    const py = Math.cos(azimuth) / (t + 0.12);
    const cloud = Math.min(
      1,
      Math.max(0, cloudNoise(px * 1.1 + air.seed, py * 1.1) * 1.9 - 0.75 * air.clear),
    );
    const blue = Math.sqrt(up);
    rgb[0] = (206 - 106 * blue) * (1 - cloud) + 216 * cloud;
    rgb[1] = (218 - 68 * blue) * (1 - cloud) + 219 * cloud;
    rgb[2] = (228 - 12 * blue) * (1 - cloud) + 224 * cloud;
    put(v, u, 0);
  }
}

function cloudNoise(x: number, y: number): number {
  let total = 0;
  let weight = 0.55;
  for (let octave = 0; octave < 3; octave++) {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const fx = x - ix;
    const fy = y - iy;
    const a = hash3(ix, iy, octave) * (1 - fx) + hash3(ix + 1, iy, octave) * fx;
    const b = hash3(ix, iy + 1, octave) * (1 - fx) + hash3(ix + 1, iy + 1, octave) * fx;
    total += weight * (a * (1 - fy) + b * fy);
    weight *= 0.5;
    x *= 2.1;
    y *= 2.1;
  }
  return total;
}

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

/** Resamples a level panorama for a camera with world = Rx(pitch) Ry(roll) camera. */
function tilt(level: Uint8Array, width: number, pitchDeg: number, rollDeg: number): Uint8Array {
  const rows = width / 2;
  const out = new Uint8Array(level.length);
  const p = (pitchDeg * Math.PI) / 180;
  const q = (rollDeg * Math.PI) / 180;
  const [cp, sp, cr, sr] = [Math.cos(p), Math.sin(p), Math.cos(q), Math.sin(q)];
  for (let v = 0; v < rows; v++) {
    const elevation = Math.PI * (0.5 - (v + 0.5) / rows);
    const ce = Math.cos(elevation);
    const se = Math.sin(elevation);
    for (let u = 0; u < width; u++) {
      const azimuth = ((u + 0.5) / width - 0.5) * 2 * Math.PI;
      const x = Math.sin(azimuth) * ce;
      const y = Math.cos(azimuth) * ce;
      const x1 = x * cr + se * sr;
      const z1 = -x * sr + se * cr;
      const y2 = y * cp - z1 * sp;
      const z2 = y * sp + z1 * cp;
      const gu = width * (0.5 + Math.atan2(x1, y2) / (2 * Math.PI)) - 0.5;
      const gv = Math.min(
        Math.max(rows * (0.5 - Math.asin(Math.min(1, Math.max(-1, z2))) / Math.PI) - 0.5, 0),
        rows - 1,
      );
      const iu = Math.floor(gu);
      const iv = Math.min(Math.floor(gv), rows - 2);
      const fu = gu - iu;
      const fv = gv - iv;
      const u0 = (iu + width) % width;
      const u1 = (iu + 1 + width) % width;
      for (let c = 0; c < 3; c++) {
        const top =
          (level[(iv * width + u0) * 3 + c] as number) * (1 - fu) +
          (level[(iv * width + u1) * 3 + c] as number) * fu;
        const low =
          (level[((iv + 1) * width + u0) * 3 + c] as number) * (1 - fu) +
          (level[((iv + 1) * width + u1) * 3 + c] as number) * fu;
        out[(v * width + u) * 3 + c] = top * (1 - fv) + low * fv + 0.5;
      }
    }
  }
  return out;
}
