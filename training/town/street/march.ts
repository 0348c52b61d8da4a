// The geometry of a panorama: one ray of ground a column is marched over the rasters, nearest things first. What
// things look like is the shader's.
import { type Scene, terrainAt, terrainWidth } from '../scene/scene.js';

/** A camera in the town: grid metres, angles in degrees, heading clockwise from grid north. */
export interface TownCamera {
  readonly x: number;
  readonly y: number;
  readonly heightM: number;
  readonly gridHeadingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** What a view looks like. Colours go into a buffer of the shader's that `put` reads. */
export interface ViewShader {
  /** Colour of an upright surface, heightM above the ground. */
  wall(cell: number, x: number, y: number, heightM: number): void;
  /** Colour of the top surface r metres from the camera in direction dx, dy; `here` is the cell's height in cm. */
  ground(dx: number, dy: number, r: number, spreadM: number, here: number): void;
  /** Whether a crown hangs over a point; puts its lowest and highest altitude into `span`. */
  crown(cell: number, x: number, y: number, groundM: number, span: Float64Array): boolean;
  /** Whether the crown of the last call is hit at this altitude, with its colour; false where one sees through. */
  leaf(x: number, y: number, altitudeM: number, r: number): boolean;
  /** Fills what is left of column u above row `bottom`. */
  sky(filled: Uint8Array, bottom: number, u: number, azimuth: number, tans: Float64Array): void;
  /** Writes the colour into pixel v, u, seen through so much air. */
  put(v: number, u: number, distanceM: number): void;
  /** Rows of column u that are done. */
  readonly filled: Uint8Array;
}

const FAR_M = 420;

/** Draws a levelled camera of width x width/2 pixels; the centre column looks along the heading. */
export function marchPanorama(scene: Scene, camera: TownCamera, width: number, shader: ViewShader): void {
  const { n, height, tree, terrain } = scene;
  const rows = width / 2;
  const tans = new Float64Array(rows);
  for (let v = 0; v < rows; v++) tans[v] = Math.tan(Math.PI * (0.5 - (v + 0.5) / rows));
  const tw = terrainWidth(scene.sideM);
  const ground0 = terrainAt(terrain, tw, camera.x, camera.y);
  const eye = ground0 + camera.heightM;
  const { filled } = shader;
  const span = new Float64Array(2);
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
            shader.wall(cell, x, y, zHit - ground);
            shader.put(bottom, u, r);
            continue;
          }
          let rr: number;
          if (step) rr = t < 0 ? (zBefore - eye) / t : r;
          else {
            const k = (z - zBefore) / (r - rBefore);
            rr = (zBefore - k * rBefore - eye) / (t - k);
          }
          rr = rr < rBefore || !(rr <= r) ? (rr < rBefore ? rBefore : r) : rr;
          shader.ground(dx, dy, rr, Math.max(0.25, rr * rr * 0.0025), height[cell] as number);
          shader.put(bottom, u, rr);
        }
      }
      if ((tree[cell] as number) > 0 && shader.crown(cell, x, y, ground, span)) {
        const low = span[0] as number;
        const top = span[1] as number;
        const from = Math.max(0, Math.ceil(rows * (0.5 - Math.atan((top - eye) / r) / Math.PI) - 0.5));
        const to = Math.min(
          bottom - 1,
          Math.floor(rows * (0.5 - Math.atan((low - eye) / r) / Math.PI) - 0.5),
        );
        for (let v = from; v <= to; v++) {
          if (filled[v] === 1) continue;
          if (shader.leaf(x, y, eye + r * (tans[v] as number), r)) shader.put(v, u, r);
        }
      }
      rBefore = r;
      zBefore = z;
      ohBefore = oh;
      r += r < 10 ? 0.1 : r * 0.01;
    }
    shader.sky(filled, bottom, u, azimuth, tans);
  }
}
