// What kind of picture a file is: part of a sphere, or a perspective photo; by the request, GPano, EXIF and its shape.
import { SkyfixError } from '../errors/index.js';
import {
  type CameraModel,
  fieldOfViewOf,
  type PinholeCamera,
  pinholeOfFocal,
  pinholeOfFov,
  WIDEST_PERSPECTIVE_DEG,
} from '../geometry/index.js';
import type { Exif } from './exif.js';
import type { Gpano } from './gpano.js';
import { checkEyes, isTwoToOne, type WindowOptions, windowOf } from './window.js';

export const PROJECTION_MODES = ['auto', 'equirectangular', 'perspective'] as const;
export type ProjectionMode = (typeof PROJECTION_MODES)[number];

export interface ModelOptions extends WindowOptions {
  /** auto, where absent: see isPerspective. */
  readonly projection?: ProjectionMode | undefined;
  readonly pitchDeg?: number | undefined;
}

interface Sides {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Longer photos are strips or panoramas that a phone has stitched, whatever their EXIF says. */
const LONGEST_PHOTO = 2.4;
/** A focal length outside of what lenses have is a slip of the file; degrees across. */
const [NARROWEST_DEG, WIDEST_DEG] = [3, 150];

/**
 * The camera of an image, in pixels of the file; what was assumed or ignored goes to `warnings`. Throws what windowOf
 * throws; of perspective photos PANORAMA_FOV_UNKNOWN and PARAMETER_INVALID.
 */
export function cameraModelOf(
  sides: Sides,
  { gpano, exif }: { readonly gpano: Gpano; readonly exif: Exif },
  options: ModelOptions,
  warnings: string[],
): CameraModel {
  if (!isPerspective(sides, gpano, exif, options)) {
    return windowOf(sides.widthPx, sides.heightPx, gpano, options, warnings);
  }
  checkEyes(gpano);
  const { numbers } = gpano;
  if (options.pitchDeg === undefined && numbers.PosePitchDegrees === undefined) {
    warnings.push('No pitch was given and the file has none: the photo is taken to look level.');
  }
  return pinholeOf(sides, exif, options, warnings);
}

/**
 * What the request says. Else: a file that says it is part of a sphere, a 2:1 image, and one whose rows the request describes
 * as a strip's are no photos; one whose GPano says rectilinear is, and so is another with a field of view across under 180
 * degrees in the request, or with a focal length in its EXIF unless it is longer than photos are.
 */
function isPerspective(
  { widthPx, heightPx }: Sides,
  gpano: Gpano,
  exif: Exif,
  options: ModelOptions,
): boolean {
  const { projection = 'auto', horizontalFovDeg, verticalFovDeg, horizonShare } = options;
  if (projection !== 'auto') return projection === 'perspective';
  if (/^\s*(rectilinear|perspective)\s*$/i.test(gpano.projection ?? '')) return true;
  const saysSphere = gpano.projection !== undefined || gpano.numbers.FullPanoWidthPixels !== undefined;
  if (saysSphere || isTwoToOne(widthPx, heightPx)) return false;
  if (verticalFovDeg !== undefined || horizonShare !== undefined) return false;
  if (horizontalFovDeg !== undefined) return horizontalFovDeg <= WIDEST_PERSPECTIVE_DEG;
  const longest = Math.max(widthPx / heightPx, heightPx / widthPx);
  return longest <= LONGEST_PHOTO && focalPxOf({ widthPx, heightPx }, exif) !== undefined;
}

/** Of an image of these sides; undefined where the EXIF says none, or one that no lens has. */
function focalPxOf({ widthPx, heightPx }: Sides, { focal }: Exif): number | undefined {
  if (!focal) return undefined;
  const focalPx = focal.perDiagonal * Math.hypot(widthPx, heightPx);
  const { across } = fieldOfViewOf(pinholeOfFocal(widthPx, heightPx, focalPx));
  return across >= NARROWEST_DEG && across <= WIDEST_DEG ? focalPx : undefined;
}

function pinholeOf(sides: Sides, exif: Exif, options: ModelOptions, warnings: string[]): PinholeCamera {
  const { widthPx, heightPx } = sides;
  const { projection = 'auto', horizontalFovDeg, verticalFovDeg, horizonShare } = options;
  const invalid = (what: string) => new SkyfixError('PARAMETER_INVALID', what);
  if (horizonShare !== undefined) {
    throw invalid(`horizonShare is ${horizonShare}; of a perspective photo say pitchDeg instead.`);
  }
  if (horizontalFovDeg !== undefined && verticalFovDeg !== undefined) {
    const both = `horizontalFovDeg is ${horizontalFovDeg} and verticalFovDeg ${verticalFovDeg}`;
    throw invalid(`${both}; of a perspective photo one follows from the other: give one of them.`);
  }
  if (verticalFovDeg !== undefined) return pinholeOfFov(widthPx, heightPx, verticalFovDeg, 'down');
  if (horizontalFovDeg !== undefined) {
    const camera = pinholeOfFov(widthPx, heightPx, horizontalFovDeg);
    if (projection === 'auto') warnings.push(`It is not 2:1: ${takenFor(camera)}.`);
    return camera;
  }
  const focalPx = focalPxOf(sides, exif);
  if (focalPx === undefined) {
    throw new SkyfixError(
      'PANORAMA_FOV_UNKNOWN',
      `It is a perspective photo of ${widthPx}x${heightPx} pixels, and no EXIF says its focal length.`,
    );
  }
  const camera = pinholeOfFocal(widthPx, heightPx, focalPx);
  warnings.push(
    `By its EXIF ${exif.focal?.name}, ${takenFor(camera)}: say horizontalFovDeg where that is wrong.`,
  );
  return camera;
}

function takenFor(camera: PinholeCamera): string {
  const { across, down } = fieldOfViewOf(camera);
  return `the image is taken for a perspective photo of ${across.toFixed(1)} x ${down.toFixed(1)} degrees`;
}
