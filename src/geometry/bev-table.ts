// Where each pixel of a BEV lies in the panorama: inverse projection under the flat-ground assumption.
import { SkyfixError } from '../errors/index.js';
import { approximateAtan2 } from './atan2.js';
import { checkPinhole, isPinhole } from './pinhole.js';
import { cameraAxes } from './rotation.js';
import { checkedWindow } from './sphere.js';
import type { BevGeometry, CameraModel, CameraPose, PinholeCamera, SphereWindow } from './types.js';

/** Table entries count 1/256 of a panorama pixel, so that sampling runs on integers. */
export const FRACTION_BITS = 8;
export const ONE_PX = 1 << FRACTION_BITS;
/** Row entry of a BEV pixel that lies above or below the window. */
export const OUTSIDE = -0x80000000;

/** Bytes of a BEV's table: a column and a row for each pixel. */
export function bevTableBytes({ sizePx }: Pick<BevGeometry, 'sizePx'>): number {
  return 2 * Int32Array.BYTES_PER_ELEMENT * sizePx * sizePx;
}

/** Sampling table of a BEV, both arrays [sizePx * sizePx], in 1/256 pixels. */
export interface BevTable {
  readonly sizePx: number;
  /**
   * Column of the full sphere (edge coordinates, before the window's left offset), in [0, fullWidthPx); of a pinhole camera's
   * image, in [0, widthPx].
   */
  readonly column: Int32Array;
  /** Row between pixel centres of the image, clamped to them; OUTSIDE where the window does not show it. */
  readonly row: Int32Array;
  /** True for a levelled camera: the table was built for heading 0 and any heading only shifts the columns. */
  readonly anyHeading: boolean;
  readonly bytes: number;
  /** The first and last of the image's rows that a pixel begins in; lastRow is -1 where none is seen. */
  readonly firstRow: number;
  readonly lastRow: number;
}

/**
 * Panorama position of a ground point `eastM`, `northM` away from the camera: edge coordinates of the full sphere
 * (pixel centres at +1/2), u in [0, fullWidthPx), v in [0, fullHeightPx].
 *
 * u = W (1/2 + (azimuth - heading) / 2 pi), v = H (1/2 + depression / pi) for a levelled camera; pitch and roll
 * turn the ray by world = Rz(-heading) Rx(pitch) Ry(roll) camera, camera axes x right, y forward, z up.
 */
export function panoramaPointOfGround(
  eastM: number,
  northM: number,
  cameraHeightM: number,
  window: SphereWindow,
  pose: CameraPose,
): { u: number; v: number } {
  const { right, forward, up } = cameraAxes(pose);
  const x = right[0] * eastM + right[1] * northM - right[2] * cameraHeightM;
  const y = forward[0] * eastM + forward[1] * northM - forward[2] * cameraHeightM;
  const z = up[0] * eastM + up[1] * northM - up[2] * cameraHeightM;
  const { fullWidthPx, fullHeightPx } = window;
  const u = fullWidthPx * (0.5 + Math.atan2(x, y) / (2 * Math.PI));
  const v = fullHeightPx * (0.5 - Math.atan2(z, Math.sqrt(x * x + y * y)) / Math.PI);
  return { u: u >= fullWidthPx ? u - fullWidthPx : u, v };
}

/** True where heading only shifts columns: the image of a sphere whose camera is levelled. */
export function headingShifts(model: CameraModel, { pitchDeg, rollDeg }: CameraPose): boolean {
  return !isPinhole(model) && pitchDeg === 0 && rollDeg === 0;
}

/**
 * The sampling table of a BEV. For a levelled camera the heading is left out (see `anyHeading`), so that all headings
 * share one table. Throws PARAMETER_INVALID where a size, distance or angle is impossible.
 */
export function buildBevTable(bev: BevGeometry, model: CameraModel, pose: CameraPose): BevTable {
  checkBevGeometry(bev, pose);
  return isPinhole(model) ? pinholeTable(bev, model, pose) : sphereTable(bev, model, pose);
}

function sphereTable(bev: BevGeometry, window: SphereWindow, pose: CameraPose): BevTable {
  checkedWindow(window);
  const anyHeading = headingShifts(window, pose);
  const { right, forward, up } = cameraAxes(anyHeading ? { ...pose, headingDeg: 0 } : pose);
  const size = bev.sizePx;
  const centre = size / 2 - 0.5;
  const column = new Int32Array(size * size);
  const row = new Int32Array(size * size);
  const { topPx } = window;
  const bottomPx = topPx + window.heightPx;
  const fullCircle = Math.round(window.fullWidthPx * ONE_PX);
  const lastRow = (window.heightPx - 1) * ONE_PX;
  const columnsPerRadian = window.fullWidthPx / (2 * Math.PI);
  const rowsPerRadian = window.fullHeightPx / Math.PI;
  const [stepX, stepY, stepZ] = [right[0] * bev.gsdM, forward[0] * bev.gsdM, up[0] * bev.gsdM];
  for (let i = 0, k = 0; i < size; i++) {
    // Along a row of the BEV the ray's three coordinates are linear in the column.
    const northM = (centre - i) * bev.gsdM;
    const x0 = right[1] * northM - right[2] * bev.cameraHeightM;
    const y0 = forward[1] * northM - forward[2] * bev.cameraHeightM;
    const z0 = up[1] * northM - up[2] * bev.cameraHeightM;
    for (let j = 0; j < size; j++, k++) {
      const x = x0 + (j - centre) * stepX;
      const y = y0 + (j - centre) * stepY;
      const z = z0 + (j - centre) * stepZ;
      const v = window.fullHeightPx / 2 - rowsPerRadian * approximateAtan2(z, Math.sqrt(x * x + y * y));
      if (v < topPx || v > bottomPx) {
        row[k] = OUTSIDE;
        continue;
      }
      const entry = Math.floor((v - topPx - 0.5) * ONE_PX + 0.5);
      row[k] = entry < 0 ? 0 : Math.min(entry, lastRow);
      const u = Math.floor(
        (window.fullWidthPx / 2 + columnsPerRadian * approximateAtan2(x, y)) * ONE_PX + 0.5,
      );
      column[k] = u >= fullCircle ? u - fullCircle : Math.max(u, 0);
    }
  }
  return { sizePx: size, column, row, anyHeading, bytes: bevTableBytes(bev), ...rowsIn(row) };
}

/** See photoPointOfGround; along a row of the BEV its three coordinates are linear in the column. */
function pinholeTable(bev: BevGeometry, camera: PinholeCamera, pose: CameraPose): BevTable {
  checkPinhole(camera);
  const { right, forward, up } = cameraAxes(pose);
  const { sizePx: size, gsdM, cameraHeightM } = bev;
  const { widthPx, heightPx, focalPx, centreXPx, centreYPx } = camera;
  const centre = size / 2 - 0.5;
  const column = new Int32Array(size * size);
  const row = new Int32Array(size * size).fill(OUTSIDE);
  const lastRow = (heightPx - 1) * ONE_PX;
  const [stepX, stepY, stepZ] = [right[0] * gsdM, forward[0] * gsdM, up[0] * gsdM];
  for (let i = 0, k = 0; i < size; i++) {
    const northM = (centre - i) * gsdM;
    const x0 = right[1] * northM - right[2] * cameraHeightM;
    const y0 = forward[1] * northM - forward[2] * cameraHeightM;
    const z0 = up[1] * northM - up[2] * cameraHeightM;
    for (let j = 0; j < size; j++, k++) {
      const depth = y0 + (j - centre) * stepY;
      if (depth <= 0) continue;
      const perDepth = focalPx / depth;
      const u = centreXPx + perDepth * (x0 + (j - centre) * stepX);
      const v = centreYPx - perDepth * (z0 + (j - centre) * stepZ);
      if (!(u >= 0 && u <= widthPx && v >= 0 && v <= heightPx)) continue;
      column[k] = Math.floor(u * ONE_PX + 0.5);
      row[k] = Math.min(lastRow, Math.max(0, Math.floor((v - 0.5) * ONE_PX + 0.5)));
    }
  }
  return { sizePx: size, column, row, anyHeading: false, bytes: bevTableBytes(bev), ...rowsIn(row) };
}

function rowsIn(row: Int32Array): Pick<BevTable, 'firstRow' | 'lastRow'> {
  let [first, last] = [0x7fffffff, -1];
  for (const entry of row) {
    if (entry === OUTSIDE) continue;
    if (entry < first) first = entry;
    if (entry > last) last = entry;
  }
  return { firstRow: first >> FRACTION_BITS, lastRow: last >> FRACTION_BITS };
}

/** Throws PARAMETER_INVALID where a size, distance or angle is impossible. */
export function checkBevGeometry(bev: BevGeometry, pose: CameraPose): void {
  const invalid = (what: string) => new SkyfixError('PARAMETER_INVALID', what);
  if (!Number.isInteger(bev.sizePx) || bev.sizePx < 1 || bev.sizePx > 8192) {
    throw invalid(`The BEV size is ${bev.sizePx} px; it must be a whole number from 1 to 8192.`);
  }
  if (!(bev.gsdM > 0 && Number.isFinite(bev.gsdM))) {
    throw invalid(`The ground sampling distance is ${bev.gsdM} m; it must be over 0.`);
  }
  if (!(bev.cameraHeightM > 0 && Number.isFinite(bev.cameraHeightM))) {
    throw invalid(`cameraHeightM is ${bev.cameraHeightM}; it must be over 0.`);
  }
  for (const [name, value] of Object.entries(pose)) {
    if (!Number.isFinite(value)) throw invalid(`${name} is ${value}; it must be a number of degrees.`);
  }
}
