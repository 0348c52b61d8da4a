// The position a camera wrote into EXIF; it is shown beside answers and never used for ranking.
import readExif from 'exif-reader';
import type { LonLat } from '../geometry/index.js';

/** Longitude and latitude from an EXIF block, or undefined where there is none or it makes no sense. Never throws. */
export function readGps(exif: Buffer): LonLat | undefined {
  try {
    const gps: Record<string, unknown> = { ...readExif(exif).GPSInfo };
    const lat = degreesOf(gps.GPSLatitude, gps.GPSLatitudeRef, 'S');
    const lon = degreesOf(gps.GPSLongitude, gps.GPSLongitudeRef, 'W');
    if (lat === undefined || lon === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
    return { lon, lat };
  } catch {
    return undefined;
  }
}

function degreesOf(parts: unknown, reference: unknown, negative: string): number | undefined {
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > 3) return undefined;
  const numbers = parts.map((part) => (typeof part === 'number' ? part : Number.NaN));
  const degrees = numbers.reduce((sum, part, k) => sum + part / 60 ** k, 0);
  if (!Number.isFinite(degrees)) return undefined;
  return String(reference).trim().toUpperCase().startsWith(negative) ? -degrees : degrees;
}
