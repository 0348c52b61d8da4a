// The steps between an upload and its candidates, each a function from one named thing to the next.

import { panoramaWidthOf } from '../bundles/index.js';
import { SkyfixError } from '../errors/index.js';
import {
  type Bev,
  type BevGeometry,
  type BevTableOwner,
  type CameraModel,
  type CameraPose,
  fieldOfViewOf,
  isPinhole,
  lowestCornerDeg,
  projectAveraged,
} from '../geometry/index.js';
import { type BevTexture, type DecodedPhoto, decodePhoto, requireTexture } from '../imaging/index.js';
import { type Look, type PlaceHit, searchTiles as searchTileHits } from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import type { LocateOptions } from './types.js';

/** Bytes to panorama, shrunk where it has more columns than the BEV can use. */
export function decodeUpload(
  upload: Uint8Array,
  region: LoadedRegion,
  options: LocateOptions,
): Promise<DecodedPhoto> {
  const { geometry } = region.bundle.manifest;
  return decodePhoto(upload, {
    headingDeg: options.headingDeg,
    pitchDeg: options.pitchDeg,
    rollDeg: options.rollDeg,
    verticalFovDeg: options.verticalFovDeg,
    horizontalFovDeg: options.horizontalFovDeg,
    projection: options.projection,
    horizonShare: options.horizonShare,
    fieldOfView: geometry.fieldOfView,
    maxPixels: options.maxPixels,
    targetWidthPx: panoramaWidthOf(geometry),
  });
}

/**
 * Panorama or photo to BEV, if its camera looks to `headingDeg`, averaged over `factor` x `factor` pixels. Throws PANORAMA_BLANK
 * where there is nothing to see.
 */
export function projectToGround(
  { image, model, pose }: DecodedPhoto,
  headingDeg: number,
  geometry: BevGeometry,
  factor: number,
  tables: BevTableOwner | undefined,
): { readonly bev: Bev; readonly texture: BevTexture } {
  requireGround(model, pose);
  const bev = projectAveraged(image, model, { ...pose, headingDeg }, geometry, factor, tables);
  return { bev, texture: requireTexture(bev) };
}

/** Throws PANORAMA_BLANK for a photo whose horizon lies below it. */
function requireGround(model: CameraModel, pose: CameraPose): void {
  if (!isPinhole(model)) return;
  const lowestDeg = lowestCornerDeg(model, pose);
  if (lowestDeg < 0) return;
  const { across, down } = fieldOfViewOf(model);
  throw new SkyfixError(
    'PANORAMA_BLANK',
    `The horizon lies below the photo: with a pitch of ${pose.pitchDeg} and ${across.toFixed(1)} x ${down.toFixed(1)} degrees ` +
      `it looks ${lowestDeg.toFixed(1)} degrees above it and higher. Pitch counts up from level: is it pitchDeg?`,
  );
}

/** Looks of one query to the best `top` raw tiles, each with its best score, where its centre is: inside of a prior. */
export function searchTiles(
  looks: readonly Look[],
  region: LoadedRegion,
  { top, prior }: Pick<LocateOptions, 'top' | 'prior'>,
): Promise<readonly PlaceHit[]> {
  return searchTileHits(region.version, looks, top, prior);
}
