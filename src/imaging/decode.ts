// An uploaded panorama: its pixels, the part of the sphere it shows, the camera's pose and position.
import sharp, { type Metadata } from 'sharp';
import { SkyfixError } from '../errors/index.js';
import type { CameraPose, FieldOfView, LonLat, RgbImage, SphereWindow } from '../geometry/index.js';
import { fullSphere, sphereWindowFromVerticalFov, sphereWindowOf } from '../geometry/index.js';
import { type Gpano, readGpano } from './gpano.js';
import { readGps } from './gps.js';
import { asDecodeError, DEFAULT_MAX_PIXELS, decodeImage } from './pixels.js';

export { DEFAULT_MAX_PIXELS } from './pixels.js';

export type HeadingSource = 'request' | 'metadata' | 'assumed';

export interface DecodeOptions {
  /** Values here win over the file's metadata. */
  readonly headingDeg?: number | undefined;
  readonly pitchDeg?: number | undefined;
  readonly rollDeg?: number | undefined;
  /** The image's rows cover this angle, centred on the horizon, its columns the full circle. */
  readonly verticalFovDeg?: number | undefined;
  /** What the image shows where neither verticalFovDeg nor GPano metadata say it; a full sphere of 2:1 where absent. */
  readonly fieldOfView?: FieldOfView | undefined;
  /** Larger images are refused before they are decoded. */
  readonly maxPixels?: number | undefined;
  /** Shrinks larger panoramas so that the full circle has this many columns. */
  readonly targetWidthPx?: number | undefined;
}

export interface DecodedPanorama {
  readonly image: RgbImage;
  /** In pixels of `image`. */
  readonly window: SphereWindow;
  readonly pose: CameraPose;
  readonly headingSource: HeadingSource;
  /** Where the camera says it stood. */
  readonly gps?: LonLat;
  /** What was assumed or ignored, as sentences. */
  readonly warnings: readonly string[];
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
}

const MIN_WIDTH_PX = 64;
const MIN_HEIGHT_PX = 16;
const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'heif', 'tiff'];

/** What a panorama file says about itself, its pixels aside. */
export type PanoramaMetadata = Omit<DecodedPanorama, 'image'>;

/**
 * Reads a panorama file (JPEG, PNG, WebP, AVIF, TIFF) as far as its EXIF orientation, GPano and GPS metadata; `window` is in
 * pixels of the file. Throws what decodePanorama throws, but for damage in the pixels.
 */
export async function readPanoramaMetadata(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<PanoramaMetadata> {
  checkAngle('headingDeg', options.headingDeg, Number.MAX_VALUE);
  checkAngle('pitchDeg', options.pitchDeg, 90);
  checkAngle('rollDeg', options.rollDeg, 180);
  const metadata = await readMetadata(bytes, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const { width: originalWidthPx, height: originalHeightPx } = metadata.autoOrient;
  if (originalWidthPx < MIN_WIDTH_PX || originalHeightPx < MIN_HEIGHT_PX) {
    throw new SkyfixError(
      'PANORAMA_TOO_SMALL',
      `The image has ${originalWidthPx}x${originalHeightPx} pixels.`,
    );
  }
  const xmp = metadata.xmpAsString ?? metadata.xmp?.toString('utf8');
  const gpano: Gpano = xmp ? readGpano(xmp) : { numbers: {}, warnings: [] };
  const warnings = [...gpano.warnings];
  const window = windowOf(originalWidthPx, originalHeightPx, gpano, options, warnings);
  const { pose, headingSource } = poseOf(gpano, options, warnings);
  const gps = metadata.exif ? readGps(metadata.exif) : undefined;
  return {
    window,
    pose,
    headingSource,
    ...(gps ? { gps } : {}),
    warnings,
    originalWidthPx,
    originalHeightPx,
  };
}

/**
 * Decodes a panorama file (JPEG, PNG, WebP, AVIF, TIFF) and reads its EXIF orientation, GPano and GPS metadata.
 * Throws IMAGE_EMPTY, IMAGE_UNDECODABLE, IMAGE_ANIMATED, IMAGE_TOO_LARGE_PIXELS, PANORAMA_TOO_SMALL,
 * PANORAMA_FOV_UNKNOWN, PARAMETER_INVALID.
 */
export async function decodePanorama(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedPanorama> {
  const metadata = await readPanoramaMetadata(bytes, options);
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  return { ...metadata, ...(await decodeScaled(bytes, metadata.window, maxPixels, options.targetWidthPx)) };
}

async function readMetadata(bytes: Uint8Array, maxPixels: number): Promise<Metadata> {
  if (bytes.length === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata();
  } catch (error) {
    throw asDecodeError(error, maxPixels);
  }
  const pages = metadata.pages ?? 1;
  if (pages > 1 || isAnimatedPng(bytes)) {
    throw new SkyfixError('IMAGE_ANIMATED', `The ${metadata.format} file holds more than one picture.`);
  }
  if (!FORMATS.includes(metadata.format) || (metadata.format === 'heif' && metadata.compression !== 'av1')) {
    throw new SkyfixError('IMAGE_UNDECODABLE', `The file format is ${metadata.format}.`);
  }
  const pixels = metadata.width * metadata.height;
  if (pixels > maxPixels) {
    throw new SkyfixError(
      'IMAGE_TOO_LARGE_PIXELS',
      `The image has ${metadata.width}x${metadata.height} = ${pixels} pixels; the limit is ${maxPixels}.`,
    );
  }
  return metadata;
}

/** An APNG announces its frames in an acTL chunk before the first IDAT; the decoder would show the first one only. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 16 || view.getUint32(0) !== 0x89504e47) return false;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === 0x6163544c) return at + 12 <= bytes.length && view.getUint32(at + 8) > 1;
    if (type === 0x49444154) return false;
  }
  return false;
}

function windowOf(
  widthPx: number,
  heightPx: number,
  gpano: Gpano,
  { verticalFovDeg, fieldOfView }: DecodeOptions,
  warnings: string[],
): SphereWindow {
  if (verticalFovDeg !== undefined) return sphereWindowFromVerticalFov(widthPx, heightPx, verticalFovDeg);
  const fromGpano = gpanoWindow(widthPx, heightPx, gpano, warnings);
  if (fromGpano) return fromGpano;
  if (fieldOfView) {
    const { horizontalDeg = 360, verticalDeg } = fieldOfView;
    warnings.push(
      `No field of view was given and the file has none: it is taken to show ${horizontalDeg} x ${verticalDeg} degrees.`,
    );
    return sphereWindowOf(widthPx, heightPx, fieldOfView);
  }
  if (Math.abs(widthPx / heightPx - 2) <= 0.02) return fullSphere(widthPx, heightPx);
  throw new SkyfixError(
    'PANORAMA_FOV_UNKNOWN',
    `The image has ${widthPx}x${heightPx} pixels, ${(widthPx / heightPx).toFixed(2)}:1.`,
  );
}

/** The crop that GPano describes, scaled to the pixels there are (the file may have been resized since). */
function gpanoWindow(
  widthPx: number,
  heightPx: number,
  { numbers, projection }: Gpano,
  warnings: string[],
): SphereWindow | undefined {
  if (projection !== undefined && projection !== 'equirectangular') {
    warnings.push(
      `GPano ProjectionType is "${projection}"; only equirectangular is supported, it was ignored.`,
    );
    return undefined;
  }
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
  if (!inside || Math.abs(stretch - 1) > 0.02) {
    warnings.push(
      `GPano says a ${cropWidth}x${cropHeight} crop at ${left},${top} of ${fullWidth}x${fullHeight}, which does not ` +
        `fit the image's ${widthPx}x${heightPx}; it was ignored.`,
    );
    return undefined;
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

function poseOf(
  { numbers }: Gpano,
  options: DecodeOptions,
  warnings: string[],
): { pose: CameraPose; headingSource: HeadingSource } {
  const fromFile = (name: 'PoseHeadingDegrees' | 'PosePitchDegrees' | 'PoseRollDegrees', limit: number) => {
    const value = numbers[name];
    if (value === undefined || Math.abs(value) <= limit) return value;
    warnings.push(`GPano ${name} is ${value}, outside -${limit} to ${limit}; it was ignored.`);
    return undefined;
  };
  const fileHeading = fromFile('PoseHeadingDegrees', 360);
  const heading = options.headingDeg ?? fileHeading;
  if (heading === undefined) {
    warnings.push(
      'No heading was given and the file has none: the centre of the panorama is taken to look north.',
    );
  }
  const headingSource =
    options.headingDeg !== undefined ? 'request' : fileHeading !== undefined ? 'metadata' : 'assumed';
  const pose = {
    headingDeg: heading ?? 0,
    pitchDeg: options.pitchDeg ?? fromFile('PosePitchDegrees', 90) ?? 0,
    rollDeg: options.rollDeg ?? fromFile('PoseRollDegrees', 180) ?? 0,
  };
  return { pose, headingSource };
}

function checkAngle(name: string, value: number | undefined, limit: number): void {
  if (value === undefined || Math.abs(value) <= limit) return;
  const range = limit === Number.MAX_VALUE ? 'a number of degrees' : `from -${limit} to ${limit}`;
  throw new SkyfixError('PARAMETER_INVALID', `${name} is ${value}; it must be ${range}.`);
}

async function decodeScaled(
  bytes: Uint8Array,
  window: SphereWindow,
  maxPixels: number,
  targetWidthPx: number | undefined,
): Promise<{ image: RgbImage; window: SphereWindow }> {
  const scale = targetWidthPx === undefined ? 1 : targetWidthPx / window.fullWidthPx;
  if (scale >= 1) return { image: await decodeImage(bytes, { maxPixels }), window };
  const widthPx = Math.max(1, Math.round(window.widthPx * scale));
  const heightPx = Math.max(1, Math.round(window.heightPx * scale));
  const image = await decodeImage(bytes, { maxPixels, widthPx, heightPx });
  const [scaleX, scaleY] = [widthPx / window.widthPx, heightPx / window.heightPx];
  return {
    image,
    window: {
      fullWidthPx: window.fullWidthPx * scaleX,
      fullHeightPx: window.fullHeightPx * scaleY,
      leftPx: window.leftPx * scaleX,
      topPx: window.topPx * scaleY,
      widthPx,
      heightPx,
    },
  };
}
