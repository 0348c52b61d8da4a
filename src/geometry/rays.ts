// The rays through a BEV's pixels, for whoever finds out as it goes where they meet an image: a table of them would be used once.
import { checkBevGeometry, ONE_PX } from './bev-table.js';
import { checkPinhole, isPinhole } from './pinhole.js';
import { RAY_SPACING, type RayNumbers } from './ray-code.js';
import { cameraAxes, type Vector } from './rotation.js';
import { checkedWindow } from './sphere.js';
import type { BevGeometry, CameraModel, CameraPose } from './types.js';

/** What a row of the BEV takes from the row above it; the rest is the same in all rows. */
type RowNumbers = Pick<RayNumbers, 'startX' | 'startY' | 'startZ'>;

export interface BevRays {
  readonly sizePx: number;
  readonly entries: 'sphereEntries' | 'photoEntries';
  readonly shared: Omit<RayNumbers, keyof RowNumbers>;
  ofRow(i: number): RowNumbers;
  /** From which pixel of a row to before which each ray is followed; of the others every RAY_SPACING-th is. */
  followed(row: RowNumbers): readonly [from: number, to: number];
  /** No ray meets a row of the image above this one. */
  readonly firstRow: number;
}

/** Rows are that much less sure than the rays are. */
const SPARE_ROWS = 2;

/** Rays that are not followed are off by that much at most, pixels of the image. */
export const MOST_OFF_PX = 1 / 16;

/**
 * Those of buildBevTable, under the heading that the pose says, but for MOST_OFF_PX of a sphere. Throws what it throws.
 */
export function bevRays(bev: BevGeometry, model: CameraModel, pose: CameraPose): BevRays {
  checkBevGeometry(bev, pose);
  const { sizePx, gsdM, cameraHeightM } = bev;
  const { right, forward, up } = cameraAxes(pose);
  const centre = sizePx / 2 - 0.5;
  const start = (axis: Vector, northM: number) => axis[1] * northM - axis[2] * cameraHeightM;
  const rays = {
    pixel: -centre,
    stepX: right[0] * gsdM,
    stepY: forward[0] * gsdM,
    stepZ: up[0] * gsdM,
    lastRow: (model.heightPx - 1) * ONE_PX,
  };
  const ofRow = (i: number): RowNumbers => {
    const northM = (centre - i) * gsdM;
    return { startX: start(right, northM), startY: start(forward, northM), startZ: start(up, northM) };
  };
  if (isPinhole(model)) {
    checkPinhole(model);
    const { focalPx, centreXPx, centreYPx, widthPx, heightPx } = model;
    const middle = { middleX: centreXPx, middleY: centreYPx };
    const shared = { ...rays, ...middle, perRadianX: focalPx, perRadianY: focalPx, circle: widthPx };
    return {
      sizePx,
      entries: 'photoEntries',
      shared: { ...shared, top: 0, bottom: heightPx },
      ofRow,
      followed: () => [0, sizePx],
      firstRow: 0,
    };
  }
  checkedWindow(model);
  const { fullWidthPx, fullHeightPx, topPx, heightPx } = model;
  const perRadianY = fullHeightPx / Math.PI;
  const shared = {
    ...rays,
    perRadianX: fullWidthPx / (2 * Math.PI),
    perRadianY,
    middleX: fullWidthPx / 2,
    middleY: fullHeightPx / 2,
    top: topPx,
    bottom: topPx + heightPx,
    circle: Math.round(fullWidthPx * ONE_PX),
  };
  const firstPx = fullHeightPx / 2 - perRadianY * highestRay(bev, up) - topPx;
  const firstRow = Math.min(heightPx, Math.max(0, Math.floor(firstPx) - SPARE_ROWS));
  const nearM = nearRadiusM(gsdM, Math.max(shared.perRadianX, perRadianY));
  const followed = (row: RowNumbers) => followedIn(shared, row, sizePx, nearM);
  return { sizePx, entries: 'sphereEntries', shared, ofRow, followed, firstRow };
}

/**
 * How far from the camera's vertical axis rays may be left to their neighbours. Of a point that moves in a straight line, a
 * pixel g at a time, r away from the axis, the azimuth's second difference is at most (g / r)^2, the elevation's 1.5 times that;
 * and linear interpolation is off by an eighth of the second difference over its spacing.
 */
function nearRadiusM(gsdM: number, perRadian: number): number {
  return gsdM * RAY_SPACING * Math.sqrt((1.5 * perRadian) / (8 * MOST_OFF_PX));
}

/** The pixels of a row whose rays come nearer to the camera's vertical axis. */
function followedIn(
  { pixel, stepX, stepY }: Pick<RayNumbers, 'pixel' | 'stepX' | 'stepY'>,
  { startX, startY }: RowNumbers,
  sizePx: number,
  nearM: number,
): readonly [from: number, to: number] {
  // Where the row comes nearest to the axis, and how far on either side it stays near.
  const squared = stepX * stepX + stepY * stepY;
  const nearest = -(startX * stepX + startY * stepY) / squared;
  const leastM = lengthOf(startX + nearest * stepX, startY + nearest * stepY);
  // A row along the axis is as near all along.
  if (!Number.isFinite(nearest)) return [0, lengthOf(startX, startY) < nearM ? sizePx : 0];
  if (leastM >= nearM) return [0, 0];
  const around = Math.sqrt((nearM * nearM - leastM * leastM) / squared);
  const first = Math.floor((nearest - around - pixel) / RAY_SPACING) * RAY_SPACING;
  const last = Math.ceil(nearest + around - pixel);
  if (last < 0 || first >= sizePx) return [0, 0];
  return [Math.max(0, first), Math.min(sizePx, last + 1)];
}

/** Many times as fast as Math.hypot. */
const lengthOf = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** An angle over the camera's own horizon, radians, that no ray exceeds: a corner's, were the camera tilted towards it. */
function highestRay({ sizePx, gsdM, cameraHeightM }: BevGeometry, up: Vector): number {
  const tilted = Math.hypot(up[0], up[1]);
  // Of a camera that hangs upside down the ground is above.
  if (up[2] <= 0) return Math.PI / 2;
  const farM = (sizePx / 2) * gsdM * Math.SQRT2;
  return Math.asin((farM * tilted - cameraHeightM * up[2]) / Math.hypot(farM, cameraHeightM));
}
