// Where the camera looked: the request's word before GPano's, GPano's before EXIF's, or north until it is estimated.
import { SkyfixError } from '../errors/index.js';
import { type CameraPose, normalisedDeg } from '../geometry/index.js';
import type { Exif } from './exif.js';
import type { Gpano } from './gpano.js';

/** metadata: GPano. exif: GPSImgDirection, or the compass heading in a description. assumed: nobody said it, and it is 0. */
export type HeadingSource = 'request' | 'metadata' | 'exif' | 'assumed';

export interface PoseOptions {
  readonly headingDeg?: number | undefined;
  readonly pitchDeg?: number | undefined;
  readonly rollDeg?: number | undefined;
}

/** The pose, its heading in [0, 360). What was assumed or ignored goes to `warnings`. Throws PARAMETER_INVALID. */
export function poseOf(
  { numbers }: Gpano,
  exif: Exif,
  options: PoseOptions,
  warnings: string[],
): { pose: CameraPose; headingSource: HeadingSource } {
  const fromFile = (name: 'PoseHeadingDegrees' | 'PosePitchDegrees' | 'PoseRollDegrees', limit: number) => {
    const value = numbers[name];
    if (value === undefined || Math.abs(value) <= limit) return value;
    warnings.push(`GPano ${name} is ${value}, outside -${limit} to ${limit}; it was ignored.`);
    return undefined;
  };
  const { deg, source } = headingOf(
    options.headingDeg,
    fromFile('PoseHeadingDegrees', 360),
    exif.heading?.deg,
  );
  const pose = {
    headingDeg: normalisedDeg(deg),
    pitchDeg: options.pitchDeg ?? fromFile('PosePitchDegrees', 90) ?? 0,
    rollDeg: options.rollDeg ?? fromFile('PoseRollDegrees', 180) ?? 0,
  };
  return { pose, headingSource: source };
}

function headingOf(
  request: number | undefined,
  gpano: number | undefined,
  exif: number | undefined,
): { deg: number; source: HeadingSource } {
  if (request !== undefined) return { deg: request, source: 'request' };
  if (gpano !== undefined) return { deg: gpano, source: 'metadata' };
  if (exif !== undefined) return { deg: exif, source: 'exif' };
  return { deg: 0, source: 'assumed' };
}

/** Throws PARAMETER_INVALID for angles out of range. */
export function checkPoseOptions({ headingDeg, pitchDeg, rollDeg }: PoseOptions): void {
  checkAngle('headingDeg', headingDeg, Number.MAX_VALUE);
  checkAngle('pitchDeg', pitchDeg, 90);
  checkAngle('rollDeg', rollDeg, 180);
}

function checkAngle(name: string, value: number | undefined, limit: number): void {
  if (value === undefined || Math.abs(value) <= limit) return;
  const range = limit === Number.MAX_VALUE ? 'a number of degrees' : `from -${limit} to ${limit}`;
  throw new SkyfixError('PARAMETER_INVALID', `${name} is ${value}; it must be ${range}.`);
}
