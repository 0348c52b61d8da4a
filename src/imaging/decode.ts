// An uploaded panorama: its pixels, the part of the sphere it shows, the camera's pose and position.
import { SkyfixError } from '../errors/index.js';
import type { CameraPose, FieldOfView, LonLat, RgbImage, SphereWindow } from '../geometry/index.js';
import { borderWarnings } from './borders.js';
import { type Exif, readExif } from './exif.js';
import { damaged, type FileFacts } from './file-facts.js';
import { readGpano } from './gpano.js';
import { asDecodeError, checkPixels, DEFAULT_MAX_PIXELS, decodePixels } from './pixels.js';
import { checkPoseOptions, type HeadingSource, poseOf } from './pose.js';
import { checkSampleForm } from './samples.js';
import { type Metadata, sharp } from './sharp.js';
import { inspectFile } from './sniff.js';
import { refuseStereo } from './stereo.js';
import { windowOf } from './window.js';

export interface DecodeOptions {
  /** Values here win over the file's metadata. */
  readonly headingDeg?: number | undefined;
  readonly pitchDeg?: number | undefined;
  readonly rollDeg?: number | undefined;
  /** The image's rows cover this angle, its columns the full circle. */
  readonly verticalFovDeg?: number | undefined;
  /** Share of the rows above the horizon; where absent, what GPano metadata say, or fieldOfView, or the middle. */
  readonly horizonShare?: number | undefined;
  /** What the image shows where neither verticalFovDeg nor GPano metadata say it; a full sphere of 2:1 where absent. */
  readonly fieldOfView?: FieldOfView | undefined;
  /** False: images of 2:1 are full spheres unless fieldOfView is 2:1 itself. True: they too show fieldOfView. */
  readonly ofEveryShape?: boolean | undefined;
  /** Larger images are refused before they are decoded. */
  readonly maxPixels?: number | undefined;
  /** Shrinks larger panoramas so that the full circle has at most this many columns, and a half circle half as many rows. */
  readonly targetWidthPx?: number | undefined;
}

export interface DecodedPanorama {
  readonly image: RgbImage;
  /** In pixels of `image`. */
  readonly window: SphereWindow;
  /** Its heading in [0, 360). */
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

/** What a panorama file says about itself, its pixels aside. */
export type PanoramaMetadata = Omit<DecodedPanorama, 'image'>;

/**
 * Reads a panorama file (JPEG, PNG, WebP, AVIF, TIFF) as far as its EXIF orientation, GPano and GPS metadata; `window` is in
 * pixels of the file. Throws what decodePanorama throws, but for what is wrong with the pixels.
 */
export async function readPanoramaMetadata(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<PanoramaMetadata> {
  return (await readFile(bytes, options)).metadata;
}

/**
 * Decodes a panorama file (JPEG, PNG, WebP, AVIF, TIFF) and reads its EXIF orientation, GPano and GPS metadata.
 * Throws IMAGE_EMPTY, IMAGE_UNDECODABLE, IMAGE_ANIMATED, IMAGE_SAMPLES_UNSUPPORTED, IMAGE_TOO_LARGE_PIXELS,
 * PANORAMA_TOO_SMALL, PANORAMA_FOV_UNKNOWN, PANORAMA_PROJECTION_UNSUPPORTED, PARAMETER_INVALID.
 */
export async function decodePanorama(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedPanorama> {
  const { facts, metadata } = await readFile(bytes, options);
  const window = scaledWindow(metadata.window, options.targetWidthPx);
  const { widthPx, heightPx } = window;
  const size = window === metadata.window ? {} : { widthPx, heightPx };
  const { maxPixels = DEFAULT_MAX_PIXELS } = options;
  const { image, warnings } = await decodePixels(facts, { maxPixels, ...size });
  const borders = borderWarnings(image);
  // A black bar through both halves is a likeness too.
  if (borders.length === 0) refuseStereo(image);
  return {
    ...metadata,
    image,
    window,
    warnings: [...metadata.warnings, ...warnings, ...borders],
  };
}

async function readFile(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<{ facts: FileFacts; metadata: PanoramaMetadata }> {
  checkPoseOptions(options);
  const facts = inspectFile(bytes);
  const { widthPx, heightPx } = await orientedSize(facts, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const gpano = readGpano(facts);
  const exif: Exif = facts.exif ? readExif(facts.exif) : { warnings: [] };
  const warnings = [...gpano.warnings, ...exif.warnings];
  const window = windowOf(widthPx, heightPx, gpano, options, warnings);
  const metadata = {
    window,
    ...poseOf(gpano, exif, options, warnings),
    ...(exif.gps && { gps: exif.gps }),
    warnings,
    originalWidthPx: widthPx,
    originalHeightPx: heightPx,
  };
  return { facts, metadata };
}

/** The size as it will be decoded. What the decoder says of the file has to agree with what the file itself says. */
async function orientedSize(
  facts: FileFacts,
  maxPixels: number,
): Promise<{ widthPx: number; heightPx: number }> {
  checkPixels(facts, maxPixels);
  let decoder: Metadata;
  try {
    decoder = await sharp(facts.picture, { failOn: 'error', limitInputPixels: maxPixels }).metadata();
  } catch (error) {
    checkSampleForm(facts.samples);
    throw asDecodeError(error, maxPixels);
  }
  if (Math.max(decoder.pages ?? 1, facts.pictures) > 1) {
    throw new SkyfixError('IMAGE_ANIMATED', `The ${facts.format} file holds more than one picture.`);
  }
  checkSampleForm(facts.samples);
  const { width, height } = decoder;
  // An AVIF may be turned and cropped by its own properties.
  if (facts.format !== 'avif' && (width !== facts.widthPx || height !== facts.heightPx)) {
    throw damaged(
      facts.format,
      `says ${facts.widthPx}x${facts.heightPx} pixels, and its decoder ${width}x${height}`,
    );
  }
  const { width: widthPx, height: heightPx } = decoder.autoOrient;
  if (widthPx < MIN_WIDTH_PX || heightPx < MIN_HEIGHT_PX) {
    throw new SkyfixError('PANORAMA_TOO_SMALL', `The image has ${widthPx}x${heightPx} pixels.`);
  }
  return { widthPx, heightPx };
}

/** Rows may be that much finer than columns before they are shrunk by more. */
const MOST_STRETCH = 1.05;

/** The window of the image shrunk on both sides to what `targetWidthPx` columns around and half as many rows can use. */
function scaledWindow(window: SphereWindow, targetWidthPx: number | undefined): SphereWindow {
  if (targetWidthPx === undefined) return window;
  const across = Math.min(1, targetWidthPx / window.fullWidthPx);
  const most = targetWidthPx / 2;
  const down = window.fullHeightPx * across > most * MOST_STRETCH ? most / window.fullHeightPx : across;
  if (across === 1 && down === 1) return window;
  const widthPx = Math.max(1, Math.round(window.widthPx * across));
  const heightPx = Math.max(1, Math.round(window.heightPx * down));
  const [scaleX, scaleY] = [widthPx / window.widthPx, heightPx / window.heightPx];
  return {
    fullWidthPx: window.fullWidthPx * scaleX,
    fullHeightPx: window.fullHeightPx * scaleY,
    leftPx: window.leftPx * scaleX,
    topPx: window.topPx * scaleY,
    widthPx,
    heightPx,
  };
}
