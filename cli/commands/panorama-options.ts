// The options of every command that reads one panorama.
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { messageOf, SkyfixError } from '../../src/errors/index.js';
import type { FieldOfView } from '../../src/geometry/index.js';
import {
  type DecodedPhoto,
  decodePhoto,
  PROJECTION_MODES,
  type ProjectionMode,
} from '../../src/imaging/index.js';

export interface PanoramaFlags {
  readonly cameraHeight?: number;
  readonly heading?: number | typeof UNKNOWN;
  readonly pitch?: number;
  readonly roll?: number;
  readonly verticalFov?: number;
  readonly horizonShare?: number;
  readonly horizontalFov?: number;
  readonly projection?: ProjectionMode;
}

/** The heading is to be estimated. */
export const UNKNOWN = 'unknown';

function parseHeading(text: string): number | typeof UNKNOWN {
  if (text === UNKNOWN) return UNKNOWN;
  try {
    return parseNumber(text);
  } catch {
    throw new InvalidArgumentError(`It must be a number or "${UNKNOWN}".`);
  }
}

/** Argument parser of commander. Throws what commander prints where the text is not a finite number. */
export function parseNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** What differs between the commands. */
export interface PanoramaOptions {
  /** Camera height where there is no bundle, metres. */
  readonly cameraHeightM?: number;
  /** Who needs no heading. */
  readonly estimatesHeading?: true;
}

export function addPanoramaOptions(command: Command, options: PanoramaOptions = {}): Command {
  const { cameraHeightM, estimatesHeading } = options;
  const height = cameraHeightM === undefined ? "the bundle's" : `the bundle's or ${cameraHeightM}`;
  return command
    .option(
      '--camera-height <m>',
      `camera height above the ground in metres (default: ${height})`,
      parseNumber,
    )
    .option(
      estimatesHeading ? '--heading <deg|unknown>' : '--heading <deg>',
      'where the centre column looks, in degrees clockwise from north ' +
        `(default: the file's metadata, else ${estimatesHeading ? 'it is estimated, as with "unknown"' : '0'})`,
      estimatesHeading ? parseHeading : parseNumber,
    )
    .option('--pitch <deg>', "degrees, up positive (default: the file's metadata, else 0)", parseNumber)
    .option(
      '--roll <deg>',
      "degrees, right side down positive (default: the file's metadata, else 0)",
      parseNumber,
    )
    .option(
      '--vertical-fov <deg>',
      "vertical field of view of a strip in degrees (default: the file's metadata, else the bundle's)",
      parseNumber,
    )
    .option(
      '--horizon-share <share>',
      "share of the rows above the horizon (default: the file's metadata, else the bundle's, else 0.5)",
      parseNumber,
    )
    .option(
      '--horizontal-fov <deg>',
      "horizontal field of view in degrees, of a plain photo or of part of a panorama (default: the file's metadata)",
      parseNumber,
    )
    .addOption(
      new Option(
        '--projection <projection>',
        'what the image is (default: auto, by metadata, shape and --horizontal-fov)',
      ).choices(PROJECTION_MODES),
    );
}

/** What decodePhoto and locate() take alike. */
export function poseOptions(flags: PanoramaFlags) {
  return {
    headingDeg: flags.heading === UNKNOWN ? undefined : flags.heading,
    pitchDeg: flags.pitch,
    rollDeg: flags.roll,
    verticalFovDeg: flags.verticalFov,
    horizonShare: flags.horizonShare,
    horizontalFovDeg: flags.horizontalFov,
    projection: flags.projection,
  };
}

export function printWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`warning: ${warning}`);
}

/**
 * Reads and decodes the file, shrunk as serving shrinks it, assuming the bundle's field of view where nothing says
 * it; warnings go to stderr. Throws PARAMETER_INVALID and what decodePanorama throws.
 */
export async function readPanorama(
  file: string,
  flags: PanoramaFlags,
  shown: { readonly fieldOfView?: FieldOfView | undefined; readonly targetWidthPx: number },
): Promise<DecodedPhoto> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new SkyfixError('PARAMETER_INVALID', `${file} cannot be read (${messageOf(error)}).`);
  });
  const panorama = await decodePhoto(bytes, { ...poseOptions(flags), ...shown });
  printWarnings(panorama.warnings);
  if (panorama.headingSource === 'assumed') {
    printWarnings([
      'No heading was given and the file has none: the centre of the panorama is taken to look north.',
    ]);
  }
  return panorama;
}
