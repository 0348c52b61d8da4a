// Drawing into the scene's cells: bands along polylines, rotated rectangles, discs.
import { CELL_M, CELLS_PER_M, type Scene } from './scene.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Called for each cell: its index, the signed distance to the left of the line, and the length along it. */
export type BandPaint = (cell: number, leftM: number, alongM: number) => void;

function clampCell(value: number, n: number): number {
  return Math.max(0, Math.min(value, n - 1));
}

/** Visits the cells within halfWidthM of a polyline; `round` includes the round caps of each segment. */
export function forBand(
  scene: Scene,
  line: readonly Point[],
  halfWidthM: number,
  round: boolean,
  paint: BandPaint,
): void {
  const { n } = scene;
  let along = 0;
  for (let k = 0; k + 1 < line.length; k++) {
    const a = line[k] as Point;
    const b = line[k + 1] as Point;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length === 0) continue;
    const ex = (b.x - a.x) / length;
    const ey = (b.y - a.y) / length;
    // Between two segments only the wedge that neither covers belongs to the round joint.
    const next = line[k + 2];
    const nx = next === undefined ? 0 : next.x - b.x;
    const ny = next === undefined ? 0 : next.y - b.y;
    const x0 = clampCell(Math.floor((Math.min(a.x, b.x) - halfWidthM) * CELLS_PER_M), n);
    const x1 = clampCell(Math.ceil((Math.max(a.x, b.x) + halfWidthM) * CELLS_PER_M), n);
    const y0 = clampCell(Math.floor((Math.min(a.y, b.y) - halfWidthM) * CELLS_PER_M), n);
    const y1 = clampCell(Math.ceil((Math.max(a.y, b.y) + halfWidthM) * CELLS_PER_M), n);
    for (let iy = y0; iy <= y1; iy++) {
      const py = (iy + 0.5) * CELL_M - a.y;
      for (let ix = x0; ix <= x1; ix++) {
        const px = (ix + 0.5) * CELL_M - a.x;
        const t = px * ex + py * ey;
        const left = ex * py - ey * px;
        if (t < 0 || t >= length) {
          if (!round || (t < 0 && k > 0)) continue;
          if (t >= length && next !== undefined && (px + a.x - b.x) * nx + (py + a.y - b.y) * ny >= 0)
            continue;
          const over = t < 0 ? t : t - length;
          if (over * over + left * left > halfWidthM * halfWidthM) continue;
          paint(
            iy * n + ix,
            Math.sign(left) * Math.hypot(left, over),
            along + Math.min(Math.max(t, 0), length),
          );
        } else if (left <= halfWidthM && left >= -halfWidthM) {
          paint(iy * n + ix, left, along + t);
        }
      }
    }
    along += length;
  }
}

/** Visits the cells of a rotated rectangle; u runs along `angle` (radians, counter-clockwise from east). */
export function forRectangle(
  scene: Scene,
  centre: Point,
  angle: number,
  halfU: number,
  halfV: number,
  paint: (cell: number, u: number, v: number) => void,
): void {
  const { n } = scene;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const rx = Math.abs(cos) * halfU + Math.abs(sin) * halfV;
  const ry = Math.abs(sin) * halfU + Math.abs(cos) * halfV;
  const x0 = Math.max(0, Math.floor((centre.x - rx) * CELLS_PER_M));
  const x1 = Math.min(n - 1, Math.ceil((centre.x + rx) * CELLS_PER_M));
  const y0 = Math.max(0, Math.floor((centre.y - ry) * CELLS_PER_M));
  const y1 = Math.min(n - 1, Math.ceil((centre.y + ry) * CELLS_PER_M));
  for (let iy = y0; iy <= y1; iy++) {
    const py = (iy + 0.5) * CELL_M - centre.y;
    for (let ix = x0; ix <= x1; ix++) {
      const px = (ix + 0.5) * CELL_M - centre.x;
      const u = px * cos + py * sin;
      const v = -px * sin + py * cos;
      if (u <= halfU && u >= -halfU && v <= halfV && v >= -halfV) paint(iy * n + ix, u, v);
    }
  }
}

/** Visits the cells of a disc with their distance from its centre. */
export function forDisc(
  scene: Scene,
  centre: Point,
  radiusM: number,
  paint: (cell: number, distanceM: number) => void,
): void {
  forRectangle(scene, centre, 0, radiusM, radiusM, (cell, u, v) => {
    const distance = Math.hypot(u, v);
    if (distance <= radiusM) paint(cell, distance);
  });
}

/** The point at a length along a polyline and its direction (radians from east), clamped to the ends. */
export function pointAlong(
  line: readonly Point[],
  alongM: number,
): { readonly x: number; readonly y: number; readonly angle: number } {
  let left = Math.max(alongM, 0);
  for (let k = 0; k + 1 < line.length; k++) {
    const a = line[k] as Point;
    const b = line[k + 1] as Point;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (left <= length || k + 2 === line.length) {
      const t = length === 0 ? 0 : Math.min(left / length, 1);
      return {
        x: a.x + (b.x - a.x) * t,
        y: a.y + (b.y - a.y) * t,
        angle: Math.atan2(b.y - a.y, b.x - a.x),
      };
    }
    left -= length;
  }
  throw new RangeError('a polyline needs two points');
}

export function lengthOf(line: readonly Point[]): number {
  let total = 0;
  for (let k = 0; k + 1 < line.length; k++) {
    const a = line[k] as Point;
    const b = line[k + 1] as Point;
    total += Math.hypot(b.x - a.x, b.y - a.y);
  }
  return total;
}
