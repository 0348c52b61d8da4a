// A world's panoramas: coloured light, clumped crowns, its own sky.
import { hash3 } from 'skyfix/random';
import type { LitWorld } from '../scene/lit-world.js';
import { noiseInPlane, noiseInSpace } from '../scene/noise-table.js';
import { CELL_M } from '../scene/scene.js';
import { wallColour } from './facade.js';
import { marchPanorama, type TownCamera, type ViewShader } from './march.js';
import { fillWorldSky, skyRows, type WorldAir } from './world-air.js';

/** [width/2*width*3] RGB of a levelled camera. */
export function renderWorldView(lit: LitWorld, camera: TownCamera, air: WorldAir, width: number): Uint8Array {
  const { scene, albedo, crowns, foliage, light, uprights } = lit;
  const { n, height, tree } = scene;
  const rows = width / 2;
  const out = new Uint8Array(rows * width * 3);
  const filled = new Uint8Array(rows);
  const { ambient, direct } = air.light;
  const sunAz = (air.sunAzimuthDeg * Math.PI) / 180;
  const sunX = Math.sin(sunAz);
  const sunY = Math.cos(sunAz);
  const flat = Math.cos((air.sunElevationDeg * Math.PI) / 180);
  const rgb = new Float64Array(3);
  const sky = skyRows(rows);
  const airR = air.horizon[0] * 0.9;
  const airG = air.horizon[1] * 0.9;
  const airB = air.horizon[2] * 0.9;
  const put = (v: number, u: number, distance: number): void => {
    // Half air at the distance of visibility.
    const clear = 1 - Math.min(0.7, distance / (distance + air.visibilityM));
    const o = (v * width + u) * 3;
    out[o] = clip((rgb[0] as number) * clear + airR * (1 - clear));
    out[o + 1] = clip((rgb[1] as number) * clear + airG * (1 - clear));
    out[o + 2] = clip((rgb[2] as number) * clear + airB * (1 - clear));
    filled[v] = 1;
  };
  const addCell = (ix: number, iy: number, weight: number): void => {
    const cx = ix < 0 ? 0 : ix >= n ? n - 1 : ix;
    const cy = iy < 0 ? 0 : iy >= n ? n - 1 : iy;
    const cell = cy * n + cx;
    const bright = ((light.ground[cell] as number) * weight) / 255;
    const sky = ((light.sky[cell] as number) * weight) / 255;
    rgb[0] = (rgb[0] as number) + (albedo[cell * 3] as number) * (ambient[0] * sky + direct[0] * bright);
    rgb[1] = (rgb[1] as number) + (albedo[cell * 3 + 1] as number) * (ambient[1] * sky + direct[1] * bright);
    rgb[2] = (rgb[2] as number) + (albedo[cell * 3 + 2] as number) * (ambient[2] * sky + direct[2] * bright);
  };
  const ground = (dx: number, dy: number, r: number, spread: number, here: number): void => {
    rgb.fill(0);
    if (r >= 12) {
      for (let k = -1; k <= 1; k++) {
        const rr = r + 0.33 * k * spread;
        addCell(Math.floor((camera.x + dx * rr) / CELL_M), Math.floor((camera.y + dy * rr) / CELL_M), 1 / 3);
      }
      return;
    }
    const gx = (camera.x + dx * r) / CELL_M - 0.5;
    const gy = (camera.y + dy * r) / CELL_M - 0.5;
    const ix = Math.floor(gx);
    const iy = Math.floor(gy);
    // The colour of something upright must not bleed down onto the ground beside it.
    if ((height[Math.floor(gy + 0.5) * n + Math.floor(gx + 0.5)] as number) !== here) {
      addCell(Math.floor(gx + 0.5), Math.floor(gy + 0.5), 1);
      return;
    }
    const fx = gx - ix;
    const fy = gy - iy;
    addCell(ix, iy, (1 - fx) * (1 - fy));
    addCell(ix + 1, iy, fx * (1 - fy));
    addCell(ix, iy + 1, (1 - fx) * fy);
    addCell(ix + 1, iy + 1, fx * fy);
    const fine =
      0.9 +
      0.12 * hash3(Math.floor(gx * 5), Math.floor(gy * 5), 5) +
      0.08 * hash3(Math.floor(gx * 17), Math.floor(gy * 17), 6);
    for (let k = 0; k < 3; k++) rgb[k] = (rgb[k] as number) * fine;
  };
  let [id, low, top, ex, ey, lit0] = [0, 0, 0, 0, 0, 0];
  const shader: ViewShader = {
    filled,
    put,
    ground,
    wall: (cell, x, y, heightM) => {
      const sunlit = heightM < 2 ? 0.6 : 1;
      wallColour(scene, cell, x, y, heightM, 1, 0, sunX, sunY, rgb, uprights);
      shadeWall(cell, x, y, sunlit);
    },
    crown: (cell, x, y, groundM, span) => {
      id = tree[cell] as number;
      const t = scene.trees[id - 1];
      const highest = (crowns[cell] as number) * 0.01;
      if (t === undefined || highest <= 0) return false;
      ex = (x - t.x) / t.radiusM;
      ey = (y - t.y) / t.radiusM;
      const q = Math.max(0.02, 1 - ex * ex - ey * ey);
      const half = t.halfHeightM * Math.sqrt(q);
      const ragged = noiseInPlane(x * 0.9 + id, y * 0.9);
      top = groundM + highest;
      // Shrubs and conifers reach down, boughs of other trees hang unevenly.
      const foot =
        t.kind === 1
          ? 0.5
          : t.centreM < 1.6
            ? 0.05
            : Math.max(t.centreM - half * (0.45 + 0.75 * ragged), 1.7);
      low = groundM + foot;
      lit0 = (light.crown[cell] as number) / 255;
      span[0] = Math.min(low, top - 0.2);
      span[1] = top;
      return true;
    },
    leaf: (x, y, zz, r) => {
      const size = r < 25 ? 7 : r < 60 ? 4 : 2.5;
      const leafNoise = hash3(Math.floor(x * size), Math.floor(y * size), Math.floor(zz * size));
      const clump =
        0.55 * noiseInSpace(x * 0.7, y * 0.7, zz * 0.7) + 0.45 * noiseInSpace(x * 2, y * 2, zz * 2);
      const vertical = (zz - low) / Math.max(top - low, 0.1);
      // Loose towards the outside, so that no crown ends in a smooth line.
      const ends = 2 * Math.abs(vertical - 0.5);
      const outside = Math.max(0, Math.max(ex * ex + ey * ey, ends * ends * 0.9) - 0.3);
      const dense = 0.5 + 1.5 * (clump - 0.5) + 0.35 * (leafNoise - 0.5);
      if (dense < (foliage.open[id] as number) + 0.1 + 0.9 * outside * outside) return false;
      const facing = 0.5 + 0.5 * (ex * sunX + ey * sunY);
      const sunlit = Math.max(0, 0.7 * facing * flat + 0.55 * vertical * (0.35 + 0.65 * lit0) - 0.15);
      const cavity = (0.2 + 1.25 * clump) * (0.74 + 0.5 * leafNoise);
      for (let c = 0; c < 3; c++) {
        const shade = (ambient[c] as number) * (0.55 + 0.4 * vertical) + (direct[c] as number) * sunlit;
        rgb[c] = (foliage.rgb[id * 3 + c] as number) * shade * cavity;
      }
      return true;
    },
    sky: (done, bottom, u, azimuth, tans) => fillWorldSky(done, bottom, u, azimuth, tans, sky, air, rgb, put),
  };
  /** Light on an upright surface: the façade's direction towards the sun, and whether the ground before it lies in the sun. */
  const shadeWall = (cell: number, x: number, y: number, share: number): void => {
    const house = scene.buildings[(scene.building[cell] as number) - 1];
    let facing = 0.45;
    if (house) {
      const cos = Math.cos(house.angle);
      const sin = Math.sin(house.angle);
      const u = (x - house.x) * cos + (y - house.y) * sin;
      const v = -(x - house.x) * sin + (y - house.y) * cos;
      const gableEnd = Math.abs(u) - house.halfU > Math.abs(v) - house.halfV;
      const nx = gableEnd ? Math.sign(u) * cos : -Math.sign(v) * sin;
      const ny = gableEnd ? Math.sign(u) * sin : Math.sign(v) * cos;
      facing = Math.max(0, nx * sunX + ny * sunY) * flat;
    }
    const toCamera = Math.hypot(camera.x - x, camera.y - y) || 1;
    const fx = Math.floor((x + ((camera.x - x) / toCamera) * 0.6) * 4);
    const fy = Math.floor((y + ((camera.y - y) / toCamera) * 0.6) * 4);
    const front = fx >= 0 && fy >= 0 && fx < n && fy < n ? (light.ground[fy * n + fx] as number) / 255 : 1;
    const sun = facing * (1 - share + share * front);
    for (let c = 0; c < 3; c++) {
      rgb[c] = (rgb[c] as number) * ((ambient[c] as number) * 0.85 + (direct[c] as number) * sun);
    }
  };
  marchPanorama(scene, camera, width, shader);
  return out;
}

const clip = (value: number): number => (value < 0 ? 0 : Math.min(value, 255));
