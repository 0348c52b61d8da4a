// An uploaded panorama or photo: its pixels, the directions they show, the camera's pose and position.
import { SkyfixError } from '../errors/index.js';
import {
  type CameraModel,
  type CameraPose,
  type FieldOfView,
  isPinhole,
  type LonLat,
  type RgbImage,
  type SphereWindow,
} from '../geometry/index.js';
import { borderWarnings } from './borders.js';
import { cameraModelOf, type ProjectionMode } from './camera-model.js';
import { type Exif, readExif } from './exif.js';
import { damaged, type FileFacts } from './file-facts.js';
import { readGpano } from './gpano.js';
import { asDecodeError, checkPixels, DEFAULT_MAX_PIXELS, decodePixels } from './pixels.js';
import { checkPoseOptions, type HeadingSource, poseOf } from './pose.js';
import { checkSampleForm } from './samples.js';
import { scaledModel } from './scale-model.js';
import { type Metadata, sharp } from './sharp.js';
import { inspectFile } from './sniff.js';
import { refuseStereo } from './stereo.js';

export interface DecodeOptions {
  /** Values here win over the file's metadata. */
  readonly headingDeg?: number | undefined;
  readonly pitchDeg?: number | undefined;
  readonly rollDeg?: number | undefined;
  /** The image's rows cover this angle, its columns the full circle unless horizontalFovDeg says less. */
  readonly verticalFovDeg?: number | undefined;
  /** The columns cover this angle; where verticalFovDeg is absent, each pixel is as high as it is wide. */
  readonly horizontalFovDeg?: number | undefined;
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

export interface PhotoOptions extends DecodeOptions {
  /** Where absent, "auto": a photo is perspective by its metadata or by horizontalFovDeg (see cameraModelOf). */
  readonly projection?: ProjectionMode | undefined;
}

/** What an image file says about itself, its pixels aside. */
export interface PhotoMetadata {
  /** How its pixels are directions, in pixels of `image`; of metadata alone in pixels of the file. */
  readonly model: CameraModel;
  /** Its heading in [0, 360). */
  readonly pose: CameraPose;
  readonly headingSource: HeadingSource;
  /** Where the camera says it stood. */
  readonly gps?: LonLat;
  /** When the camera says it was taken: ISO 8601, without an offset by the camera's own clock. */
  readonly capturedAt?: string;
  /** What was assumed or ignored, as sentences. */
  readonly warnings: readonly string[];
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
}

/** A panorama or a perspective photo. */
export interface DecodedPhoto extends PhotoMetadata {
  readonly image: RgbImage;
}

/** What a panorama file says about itself. */
export type PanoramaMetadata = Omit<PhotoMetadata, 'model'> & { readonly window: SphereWindow };

export type DecodedPanorama = Omit<DecodedPhoto, 'model'> & { readonly window: SphereWindow };

const MIN_WIDTH_PX = 64;
const MIN_HEIGHT_PX = 16;

/**
 * Reads a panorama file (JPEG, PNG, WebP, AVIF, TIFF) as far as its EXIF orientation, GPano and GPS metadata; `window` is in
 * pixels of the file. Throws what decodePanorama throws, but for what is wrong with the pixels.
 */
export async function readPanoramaMetadata(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<PanoramaMetadata> {
  return ofSphere((await readFile(bytes, { ...options, projection: 'equirectangular' })).metadata);
}

/** decodePhoto of what is known to be a panorama. */
export async function decodePanorama(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedPanorama> {
  return ofSphere(await decodePhoto(bytes, { ...options, projection: 'equirectangular' }));
}

function ofSphere<T extends PhotoMetadata>({ model, ...rest }: T) {
  if (isPinhole(model)) throw new SkyfixError('INTERNAL', 'A panorama has got the model of a photo.');
  return { ...rest, window: model };
}

/**
 * Decodes a panorama or a perspective photo (JPEG, PNG, WebP, AVIF, TIFF) and reads its EXIF orientation, focal length and
 * GPS, and its GPano metadata. Throws IMAGE_EMPTY, IMAGE_UNDECODABLE, IMAGE_ANIMATED, IMAGE_SAMPLES_UNSUPPORTED,
 * IMAGE_TOO_LARGE_PIXELS, PANORAMA_TOO_SMALL, PANORAMA_FOV_UNKNOWN, PANORAMA_PROJECTION_UNSUPPORTED, PARAMETER_INVALID.
 */
export async function decodePhoto(bytes: Uint8Array, options: PhotoOptions = {}): Promise<DecodedPhoto> {
  const { facts, metadata } = await readFile(bytes, options);
  const model = scaledModel(metadata.model, options.targetWidthPx);
  const { widthPx, heightPx } = model;
  const size = model === metadata.model ? {} : { widthPx, heightPx };
  const { maxPixels = DEFAULT_MAX_PIXELS } = options;
  const { image, warnings } = await decodePixels(facts, { maxPixels, ...size });
  const borders = borderWarnings(image);
  // A black bar through both halves is a likeness too.
  if (borders.length === 0 && !isPinhole(model)) refuseStereo(image);
  return {
    ...metadata,
    image,
    model,
    warnings: [...metadata.warnings, ...warnings, ...borders],
  };
}

async function readFile(
  bytes: Uint8Array,
  options: PhotoOptions,
): Promise<{ facts: FileFacts; metadata: PhotoMetadata }> {
  checkPoseOptions(options);
  const facts = inspectFile(bytes);
  const { widthPx, heightPx } = await orientedSize(facts, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const gpano = readGpano(facts);
  const exif: Exif = facts.exif ? readExif(facts.exif) : { warnings: [] };
  const warnings = [...gpano.warnings, ...exif.warnings];
  const model = cameraModelOf({ widthPx, heightPx }, { gpano, exif }, options, warnings);
  const metadata = {
    model,
    ...poseOf(gpano, exif, options, warnings),
    ...(exif.gps && { gps: exif.gps }),
    ...(exif.capturedAt && { capturedAt: exif.capturedAt }),
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
