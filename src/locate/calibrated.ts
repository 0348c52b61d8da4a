// What an answer's confidence rests on beside its places: the calibration in force, and the ground of the region.
import { type Calibration, type CalibrationSource, TRAINING_FREE } from '../calibration/index.js';
import { DEFAULT_THRESHOLDS, type Evidence, evidenceOf, imageFault } from '../confidence/index.js';
import type { LonLat } from '../geometry/index.js';
import { nearestInside, type Prior, rowsWithin } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { RowSet } from '../search/index.js';
import { placesOf } from './heading.js';
import { decodeUpload } from './steps.js';
import type { LocateOptions } from './types.js';

/**
 * The evidence that a photo's answer would rest on, for fitting a calibration; `unusable`: why its verdict rests on nothing but
 * the image. Throws what locate throws.
 */
export async function evidenceOfPhoto(
  region: LoadedRegion,
  upload: Uint8Array,
  given: Pick<LocateOptions, 'headingDeg' | 'heading'> = {},
): Promise<PhotoEvidence> {
  const options: LocateOptions = { top: 1, distinct: true, ...given };
  const panorama = await decodeUpload(upload, region, options);
  const { candidates, image } = await placesOf(panorama, region, options, async (_step, work) => work());
  const unusable = imageFault(image, DEFAULT_THRESHOLDS);
  const photo = { evidence: evidenceOf(candidates), ground: groundOf(region, undefined) };
  return unusable === undefined ? photo : { ...photo, unusable };
}

export interface PhotoEvidence {
  readonly evidence: Evidence;
  readonly ground: readonly LonLat[];
  readonly unusable?: string;
}

/** The region's own, else its bundle's, else the one that needs no data. */
export function calibrationOf({ version, bundle }: LoadedRegion): Calibrated {
  if (version.calibration) return { calibration: version.calibration, source: 'region' };
  const { confidence } = bundle.manifest;
  return confidence
    ? { calibration: confidence, source: 'bundle' }
    : { calibration: TRAINING_FREE, source: 'none' };
}

export interface Calibrated {
  readonly calibration: Calibration;
  readonly source: CalibrationSource;
}

/** Points that stand for the ground of a region: enough for circles, few enough for every answer. */
const GROUND_POINTS = 256;

/** Centres of tiles spread evenly over the region, or over the prior in it. */
export function groundOf({ version: { catalogue } }: LoadedRegion, prior: Prior | undefined): LonLat[] {
  const rows = prior && rowsWithin(catalogue, prior, 0);
  const spread = (rows ?? RowSet.all(catalogue.count)).evenly(GROUND_POINTS);
  const ground = Array.from(spread, (row) => catalogue.place(row));
  // A prior between the centres of tiles: its own middle.
  return ground.length > 0 || !prior ? ground : [middleOf(prior)];
}

function middleOf(prior: Prior): LonLat {
  if ('centre' in prior) return prior.centre;
  const [west, south] = prior.bounds;
  return nearestInside(prior, { lon: west, lat: south });
}
