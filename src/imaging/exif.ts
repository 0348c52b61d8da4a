// What skyfix wants of EXIF and nothing else: where the camera stood and looked (CIPA DC-008, GPS attributes), and the
// heading in the description that Mapillary's tools write, how wide the picture is, when it was taken, and which way up.
import { messageOf } from '../errors/index.js';
import type { LonLat } from '../geometry/index.js';
import { CAPTURE_TAGS, captureTimeOf } from './capture-time.js';
import { FOCAL_TAGS, type FocalLength, focalLengthOf } from './focal-length.js';
import {
  type Directory,
  numbersOf,
  openTiffBlock,
  readDirectory,
  type TiffBlock,
  textOf,
} from './tiff-directory.js';

const ORIENTATION = 0x0112;
const IMAGE_DESCRIPTION = 0x010e;
const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;
const [LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, DIRECTION_REF, DIRECTION] = [
  1, 2, 3, 4, 16, 17,
] as const;
/** Stands before the block in JPEG, and by mistake in others. */
export const EXIF_PREFIX = 'Exif\0\0';
const MAX_DESCRIPTION_BYTES = 64 * 1024;

export interface Exif {
  /** It is shown beside answers and never used for ranking. */
  readonly gps?: LonLat;
  /** Where the middle of the image looks, degrees clockwise from north in [-360, 360]. */
  readonly heading?: { readonly deg: number; readonly name: string };
  readonly focal?: FocalLength;
  /** ISO 8601. */
  readonly capturedAt?: string;
  /** What is there and was ignored or taken for something, as sentences. */
  readonly warnings: readonly string[];
}

/** Reads an EXIF block (TIFF header first, with or without "Exif" before it). Never throws. */
export function readExif(bytes: Uint8Array): Exif {
  const block = openExif(bytes);
  if (!block) return { warnings: ['The EXIF metadata has no TIFF header and was ignored.'] };
  const main = readDirectory(block, block.first, [IMAGE_DESCRIPTION, EXIF_DIRECTORY, GPS_DIRECTORY]);
  const warnings: string[] = [];
  const [gpsAt] = numbersOf(block, main.entries.get(GPS_DIRECTORY), 1);
  const wanted = [LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, DIRECTION_REF, DIRECTION];
  const directory = gpsAt === undefined ? undefined : readDirectory(block, gpsAt, wanted);
  const [exifAt] = numbersOf(block, main.entries.get(EXIF_DIRECTORY), 1);
  const ofPhoto =
    exifAt === undefined ? undefined : readDirectory(block, exifAt, [...FOCAL_TAGS, ...CAPTURE_TAGS]);
  const focal = ofPhoto && focalLengthOf(block, ofPhoto);
  const capturedAt = ofPhoto && captureTimeOf(block, ofPhoto);
  const gps = directory && positionOf(block, directory, warnings);
  const fromGps = directory && directionOf(block, directory, warnings);
  const fromText = describedHeading(
    textOf(block, main.entries.get(IMAGE_DESCRIPTION), MAX_DESCRIPTION_BYTES),
  );
  // A heading from true north is better than one from magnetic north.
  const found = fromGps?.magnetic && fromText && !fromText.magnetic ? fromText : (fromGps ?? fromText);
  if (found?.magnetic) {
    warnings.push(
      `${found.name} is from magnetic north: it is off by the declination of the place, which was not taken off.`,
    );
  }
  return {
    ...(gps && { gps }),
    ...(found && { heading: { deg: found.deg, name: found.name } }),
    ...(focal && { focal }),
    ...(capturedAt && { capturedAt }),
    warnings,
  };
}

/** A block of nothing but the orientation, for the decoder; undefined where the picture is the right way up or it is not said. */
export function orientationBlock(exif: Uint8Array | undefined): Uint8Array | undefined {
  const block = exif && openExif(exif);
  if (!block) return undefined;
  const { entries } = readDirectory(block, block.first, [ORIENTATION]);
  const [orientation = 1] = numbersOf(block, entries.get(ORIENTATION), 1);
  if (!(orientation >= 2 && orientation <= 8)) return undefined;
  // Big endian, directory at 8, one entry: tag, SHORT, one value; no further directory.
  return Uint8Array.of(
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    1,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  );
}

function openExif(bytes: Uint8Array): TiffBlock | undefined {
  const prefixed = Buffer.from(bytes.subarray(0, 6)).toString('latin1') === EXIF_PREFIX;
  return openTiffBlock(prefixed ? bytes.subarray(6) : bytes);
}

function positionOf(block: TiffBlock, { entries }: Directory, warnings: string[]): LonLat | undefined {
  if (!entries.has(LATITUDE) && !entries.has(LONGITUDE)) return undefined;
  const lat = degreesOf(numbersOf(block, entries.get(LATITUDE), 4));
  const lon = degreesOf(numbersOf(block, entries.get(LONGITUDE), 4));
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) {
    warnings.push('EXIF GPSLatitude and GPSLongitude are no position on Earth; they were ignored.');
    return undefined;
  }
  const sign = (tag: number, positive: string, negative: string, name: string): number => {
    const reference = textOf(block, entries.get(tag), 2).trim().toUpperCase();
    if (reference.startsWith(negative)) return -1;
    if (!reference.startsWith(positive)) {
      warnings.push(
        `EXIF ${name} is ${JSON.stringify(reference)}, not ${positive} or ${negative}: taken as ${positive}.`,
      );
    }
    return 1;
  };
  const south = sign(LATITUDE_REF, 'N', 'S', 'GPSLatitudeRef') < 0;
  const west = sign(LONGITUDE_REF, 'E', 'W', 'GPSLongitudeRef') < 0;
  return { lon: west ? -Math.abs(lon) : lon, lat: south ? -Math.abs(lat) : lat };
}

/** Degrees, minutes, seconds; NaN where one of them is none. */
function degreesOf(parts: readonly number[]): number {
  if (parts.length === 0 || parts.length > 3) return Number.NaN;
  return parts.reduce((sum, part, k) => sum + part / 60 ** k, 0);
}

interface FoundHeading {
  readonly deg: number;
  readonly magnetic: boolean;
  readonly name: string;
}

function directionOf(block: TiffBlock, { entries }: Directory, warnings: string[]): FoundHeading | undefined {
  if (!entries.has(DIRECTION)) return undefined;
  const name = 'EXIF GPSImgDirection';
  const [deg = Number.NaN] = numbersOf(block, entries.get(DIRECTION), 1);
  if (!(Math.abs(deg) <= 360)) {
    warnings.push(`${name} is ${deg}, not an angle up to 360; it was ignored.`);
    return undefined;
  }
  const reference = textOf(block, entries.get(DIRECTION_REF), 2).trim().toUpperCase();
  if (reference === 'M') return { deg, magnetic: true, name };
  if (reference !== 'T') {
    warnings.push(
      `${name} has the reference ${JSON.stringify(reference)}, not T or M: taken from true north.`,
    );
  }
  return { deg, magnetic: false, name };
}

/** {"MAPCompassHeading": {"TrueHeading": deg, "MagneticHeading": deg}} in the description. */
function describedHeading(description: string): FoundHeading | undefined {
  if (!description.includes('MAPCompassHeading')) return undefined;
  const heading = propertyOf(parsed(description), 'MAPCompassHeading');
  for (const field of ['TrueHeading', 'MagneticHeading'] as const) {
    const deg = propertyOf(heading, field);
    if (typeof deg === 'number' && Math.abs(deg) <= 360) {
      return { deg, magnetic: field === 'MagneticHeading', name: `MAPCompassHeading ${field}` };
    }
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
