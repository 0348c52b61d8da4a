// The steps between an upload and its candidates, each a function from one named thing to the next.

import { bevGeometryOf, panoramaWidthOf } from '../bundles/index.js';
import { windowOffsetsM, windowsOf } from '../describe/index.js';
import type { Tensor } from '../engines/index.js';
import { areaDownsample, type Bev, projectBev } from '../geometry/index.js';
import { bevToNchw, type DecodedPanorama, decodePanorama, signedToUnit } from '../imaging/index.js';
import {
  type Look,
  type PlaceHit,
  placesOfTiles,
  rowsWithin,
  searchLooks,
  searchPlaces,
} from '../places/index.js';
import type { LoadedRegion } from '../regions/index.js';
import type { LocateOptions } from './types.js';

/** Bytes to panorama, shrunk where it has more columns than the BEV can use. */
export function decodeUpload(
  upload: Uint8Array,
  region: LoadedRegion,
  options: LocateOptions,
): Promise<DecodedPanorama> {
  const { geometry } = region.bundle.manifest;
  return decodePanorama(upload, {
    headingDeg: options.headingDeg,
    pitchDeg: options.pitchDeg,
    rollDeg: options.rollDeg,
    verticalFovDeg: options.verticalFovDeg,
    fieldOfView: geometry.fieldOfView,
    maxPixels: options.maxPixels,
    targetWidthPx: panoramaWidthOf(geometry),
  });
}

/** Panorama to BEV [V x V] over the ground of one tile and its search margin. */
export function projectToInput(
  panorama: DecodedPanorama,
  region: LoadedRegion,
  cameraHeightM: number | undefined,
): Bev {
  const { geometry } = region.bundle.manifest;
  const full = projectBev(
    panorama.image,
    panorama.window,
    panorama.pose,
    bevGeometryOf(geometry, cameraHeightM),
    region.tables,
  );
  return areaDownsample(full, geometry.bevSizePx / geometry.inputSizePx);
}

/** BEV to a view [1,3,V,V] in [0,1]: the generated view, or the BEV itself without a generator. */
export async function generateView(bev: Bev, region: LoadedRegion): Promise<Tensor> {
  const { generator } = region.networks;
  if (!generator) return bevToNchw(bev, 'unit');
  return signedToUnit(await generator.run(bevToNchw(bev, 'signed')));
}

/** View to a descriptor [D] of unit length for each window that the encoder looks at, the middle first. */
export async function embedView(view: Tensor, region: LoadedRegion): Promise<readonly Look[]> {
  const { geometry } = region.bundle.manifest;
  const { data, shape } = await region.networks.encoder.run(windowsOf(view, geometry));
  const [, dimensions = 0] = shape;
  return windowOffsetsM(geometry).map((offset, k) => ({
    ...offset,
    descriptor: data.slice(k * dimensions, (k + 1) * dimensions),
  }));
}

/**
 * Looks of one query to the best `top` hits: places, or raw tiles (each with its best score, where its centre is). A prior
 * leaves positions inside of it: of raw tiles, those whose centre is.
 */
export async function searchTiles(
  looks: readonly Look[],
  region: LoadedRegion,
  { top, distinct, prior }: Pick<LocateOptions, 'top' | 'distinct' | 'prior'>,
): Promise<readonly PlaceHit[]> {
  const { index, catalogue } = region.version;
  if (distinct) return searchPlaces({ index, catalogue }, looks, top, prior);
  const allowed = prior && rowsWithin(catalogue, prior, 0);
  const candidates = allowed?.length ?? index.count;
  if (candidates === 0) return [];
  const descriptors = looks.map(({ descriptor }) => descriptor);
  const hits = await searchLooks(index, descriptors, Math.min(top, candidates), allowed);
  return placesOfTiles(hits, catalogue);
}
