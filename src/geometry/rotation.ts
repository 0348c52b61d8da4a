// How a camera stands in the world.
import type { CameraPose } from './types.js';

const RADIANS = Math.PI / 180;

/** The same direction in [0, 360), never -0. */
export function normalisedDeg(deg: number): number {
  const rest = deg % 360;
  const turned = rest < 0 ? rest + 360 : rest + 0;
  // A tiny negative angle rounds up to the full circle.
  return turned === 360 ? 0 : turned;
}

/** How far clockwise b lies of a, [-180, 180). */
export function turnBetweenDeg(aDeg: number, bDeg: number): number {
  return normalisedDeg(bDeg - aDeg + 180) - 180;
}

/** In world axes: metres east, north and up. */
export type Vector = readonly [east: number, north: number, up: number];

/**
 * The camera's axes (x right, y forward, z up) in the world: the columns of Rz(-heading) Rx(pitch) Ry(roll). A camera
 * vector (x, y, z) lies at x right + y forward + z up; the camera's coordinates of a world vector are its products with
 * the three.
 */
export function cameraAxes(pose: CameraPose): Readonly<Record<'right' | 'forward' | 'up', Vector>> {
  const [cosH, sinH] = [Math.cos(pose.headingDeg * RADIANS), Math.sin(pose.headingDeg * RADIANS)];
  const [cosP, sinP] = [Math.cos(pose.pitchDeg * RADIANS), Math.sin(pose.pitchDeg * RADIANS)];
  const [cosR, sinR] = [Math.cos(pose.rollDeg * RADIANS), Math.sin(pose.rollDeg * RADIANS)];
  return {
    right: [cosH * cosR + sinH * sinP * sinR, -sinH * cosR + cosH * sinP * sinR, -cosP * sinR],
    forward: [sinH * cosP, cosH * cosP, sinP],
    up: [cosH * sinR - sinH * sinP * cosR, -sinH * sinR - cosH * sinP * cosR, cosP * cosR],
  };
}

/** The pose of a camera with these axes: the inverse of `cameraAxes`. */
export function poseOfAxes(right: Vector, forward: Vector, up: Vector): CameraPose {
  return {
    headingDeg: Math.atan2(forward[0], forward[1]) / RADIANS,
    pitchDeg: Math.asin(Math.min(1, Math.max(-1, forward[2]))) / RADIANS,
    rollDeg: Math.atan2(-right[2], up[2]) / RADIANS,
  };
}
