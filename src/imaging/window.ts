// Which part of the sphere a panorama file shows, from the request, from GPano, from the bundle, or from its shape.
import { SkyfixError } from '../errors/index.js';
import {
  type FieldOfView,
  fieldOfViewFault,
  fullSphere,
  type SphereWindow,
  sphereWindowFromVerticalFov,
  sphereWindowOf,
} from '../geometry/index.js';
import type { Gpano } from './gpano.js';

export interface WindowOptions {
  readonly verticalFovDeg?: number | undefined;
  readonly horizontalFovDeg?: number | undefined;
  readonly horizonShare?: number | undefined;
  readonly fieldOfView?: FieldOfView | undefined;
  readonly ofEveryShape?: boolean | undefined;
}

/** Sides may be rounded: 2:1 within a hundredth. */
const TOLERANCE = 0.02;
/** A field of view whose columns and rows are 2:1 within this is what an image of 2:1 shows. */
const SQUEEZED = 0.2;

/**
 * The window in pixels of the file; what was assumed or ignored goes to `warnings`. Throws PANORAMA_FOV_UNKNOWN, and
 * PANORAMA_PROJECTION_UNSUPPORTED where the metadata say that it is no equirectangular image for one eye.
 */
export function windowOf(
  widthPx: number,
  heightPx: number,
  gpano: Gpano,
  options: WindowOptions,
  warnings: string[],
): SphereWindow {
  checkProjection(gpano);
  const { horizontalFovDeg, horizonShare } = options;
  const verticalFovDeg = options.verticalFovDeg ?? squareRows(widthPx, heightPx, horizontalFovDeg, warnings);
  if (verticalFovDeg !== undefined) {
    const share = horizonShare ?? assumedHorizon(verticalFovDeg, options.fieldOfView, warnings);
    return sphereWindowFromVerticalFov(widthPx, heightPx, verticalFovDeg, horizontalFovDeg, share);
  }
  const window = windowOfFile(widthPx, heightPx, gpano, options, warnings);
  return horizonShare === undefined ? window : withHorizon(window, horizonShare);
}

/** What the rows cover where only the columns' angle is said: each pixel is as high as it is wide. */
function squareRows(
  widthPx: number,
  heightPx: number,
  horizontalFovDeg: number | undefined,
  warnings: string[],
): number | undefined {
  if (horizontalFovDeg === undefined) return undefined;
  const verticalDeg = Math.min(180, (horizontalFovDeg * heightPx) / widthPx);
  warnings.push(
    `The rows are taken to cover ${Number(verticalDeg.toFixed(2))} degrees, each pixel as high as it is wide: say it with ` +
      'verticalFovDeg where that is wrong.',
  );
  return verticalDeg;
}

/** The bundle's horizon for a strip whose height a request says, or the middle row where that cannot be. */
function assumedHorizon(
  verticalDeg: number,
  { horizonShare = 0.5 }: Partial<FieldOfView> = {},
  warnings: string[],
): number {
  if (!fieldOfViewFault({ verticalDeg, horizonShare })) return horizonShare;
  // Of a full sphere the middle is the only row it can be.
  if (verticalDeg < 180) {
    warnings.push(
      `The horizon is taken to lie in the middle row: at the share of ${horizonShare}, where the bundle has it, ` +
        `${verticalDeg} degrees would reach beyond zenith or nadir. Say it with horizonShare.`,
    );
  }
  return 0.5;
}

/** The same rows and columns with the horizon elsewhere. Throws PARAMETER_INVALID where it cannot be there. */
function withHorizon(window: SphereWindow, horizonShare: number): SphereWindow {
  const { fullHeightPx, heightPx } = window;
  const fault = fieldOfViewFault({
    verticalDeg: Math.min(180, (180 * heightPx) / fullHeightPx),
    horizonShare,
  });
  if (fault) throw new SkyfixError('PARAMETER_INVALID', `The panorama's ${fault}.`);
  return { ...window, topPx: fullHeightPx / 2 - horizonShare * heightPx };
}

/** True of the shape of a full sphere. */
export function isTwoToOne(widthPx: number, heightPx: number): boolean {
  return Math.abs(widthPx / heightPx - 2) <= TOLERANCE;
}

/** What the file says, what is assumed of it, or what its shape says. */
function windowOfFile(
  widthPx: number,
  heightPx: number,
  gpano: Gpano,
  { fieldOfView, ofEveryShape = false }: WindowOptions,
  warnings: string[],
): SphereWindow {
  const fromGpano = gpanoWindow(widthPx, heightPx, gpano);
  if (typeof fromGpano === 'object') return fromGpano;
  if (fromGpano) warnings.push(`${fromGpano}; it was ignored.`);
  const looksFull = isTwoToOne(widthPx, heightPx);
  if (fieldOfView) {
    const { horizontalDeg = 360, verticalDeg } = fieldOfView;
    const assumed = `${horizontalDeg} x ${Number(verticalDeg.toFixed(2))} degrees`;
    // A bundle for strips is asked with full spheres too; a squeezed strip would have to be just as wide as high.
    if (looksFull && !ofEveryShape && Math.abs(horizontalDeg / verticalDeg - 2) > SQUEEZED) {
      warnings.push(
        `The image is 2:1 and says nothing of its field of view: it is taken for a full sphere, not for the ${assumed} ` +
          'that the bundle expects. Say what it shows with verticalFovDeg where that is wrong.',
      );
      return fullSphere(widthPx, heightPx);
    }
    warnings.push(`No field of view was given and the file has none: it is taken to show ${assumed}.`);
    return sphereWindowOf(widthPx, heightPx, fieldOfView);
  }
  if (looksFull) return fullSphere(widthPx, heightPx);
  throw new SkyfixError(
    'PANORAMA_FOV_UNKNOWN',
    `The image has ${widthPx}x${heightPx} pixels, ${(widthPx / heightPx).toFixed(2)}:1` +
      `${shapeNote(widthPx / heightPx)}.${fromGpano ? ` ${fromGpano}.` : ''}`,
  );
}

/** Other projections that have this shape, for whoever sent one. */
function shapeNote(aspect: number): string {
  const near = (ratio: number) => Math.abs(aspect / ratio - 1) <= TOLERANCE;
  if (near(1)) return ', as stereo panoramas (top-bottom: send one eye), fisheyes and cube faces have';
  if (near(4)) return ', as stereo panoramas (left-right: send one eye) have';
  if (near(6) || near(1 / 6) || near(4 / 3) || near(3 / 2) || near(3 / 4)) return ', as cube maps have';
  return '';
}

/** Throws PANORAMA_PROJECTION_UNSUPPORTED. */
function checkProjection(gpano: Gpano): void {
  const name = gpano.projection?.trim() ?? '';
  if (name !== '' && name.toLowerCase() !== 'equirectangular') {
    throw new SkyfixError(
      'PANORAMA_PROJECTION_UNSUPPORTED',
      `The file's ProjectionType is ${JSON.stringify(name.slice(0, 40))}.`,
    );
  }
  checkEyes(gpano);
}

/** Throws PANORAMA_PROJECTION_UNSUPPORTED where a file holds two pictures. */
export function checkEyes({ stereoMode }: Gpano): void {
  const stereo = stereoMode?.trim() ?? '';
  if (!/^(none|mono)?$/i.test(stereo)) {
    throw new SkyfixError(
      'PANORAMA_PROJECTION_UNSUPPORTED',
      `The file's StereoMode is ${JSON.stringify(stereo.slice(0, 40))}: it holds the pictures of two eyes.`,
    );
  }
}

/**
 * The crop that GPano describes, scaled to the pixels there are (the file may have been resized since); why it cannot be
 * as a sentence without its stop; undefined where there is none.
 */
function gpanoWindow(
  widthPx: number,
  heightPx: number,
  { numbers }: Gpano,
): SphereWindow | string | undefined {
  const fullWidth = numbers.FullPanoWidthPixels;
  const fullHeight = numbers.FullPanoHeightPixels;
  if (fullWidth === undefined || fullHeight === undefined) return undefined;
  const cropWidth = numbers.CroppedAreaImageWidthPixels ?? fullWidth;
  const cropHeight = numbers.CroppedAreaImageHeightPixels ?? fullHeight;
  const left = numbers.CroppedAreaLeftPixels ?? (fullWidth - cropWidth) / 2;
  const top = numbers.CroppedAreaTopPixels ?? (fullHeight - cropHeight) / 2;
  const inside =
    cropWidth > 0 &&
    cropHeight > 0 &&
    left >= 0 &&
    top >= 0 &&
    cropWidth <= fullWidth &&
    left <= fullWidth &&
    top + cropHeight <= fullHeight + 1;
  const stretch = widthPx / cropWidth / (heightPx / cropHeight);
  if (!inside || !(Math.abs(stretch - 1) <= TOLERANCE)) {
    return (
      `GPano says a ${cropWidth}x${cropHeight} crop at ${left},${top} of ${fullWidth}x${fullHeight}, which does not ` +
      `fit the image's ${widthPx}x${heightPx}`
    );
  }
  // A sphere has 360 degrees around and 180 from top to bottom, each pixel as wide as it is high.
  if (!(Math.abs(fullWidth / fullHeight - 2) <= TOLERANCE)) {
    return `GPano says that the full panorama (FullPano) has ${fullWidth}x${fullHeight} pixels, which is not 2:1`;
  }
  const [scaleX, scaleY] = [widthPx / cropWidth, heightPx / cropHeight];
  return {
    fullWidthPx: fullWidth * scaleX,
    fullHeightPx: fullHeight * scaleY,
    leftPx: left * scaleX,
    topPx: top * scaleY,
    widthPx,
    heightPx,
  };
}
