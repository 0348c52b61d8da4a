// The steps between an upload and its candidates, each a function from one named thing to the next.
import { areaDownsample, type Bev, projectBev } from '../geometry/index.js';
import { bevToNchw, type DecodedPanorama, decodePanorama, signedToUnit } from '../imaging/index.js';
import { bevGeometryOf, type Tensor } from '../models/index.js';
import { type Hit, searchPlaces } from '../search/index.js';
import type { LoadedRegion, LocateOptions, Prior } from './types.js';

/** Bytes to panorama, shrunk where it has more columns than the BEV can use. */
export function decodeUpload(
  upload: Uint8Array,
  region: LoadedRegion,
  options: LocateOptions,
): Promise<DecodedPanorama> {
  const { bevSizePx } = region.bundle.manifest.geometry;
  return decodePanorama(upload, {
    headingDeg: options.headingDeg,
    pitchDeg: options.pitchDeg,
    rollDeg: options.rollDeg,
    verticalFovDeg: options.verticalFovDeg,
    maxPixels: options.maxPixels,
    // The BEV's outermost ring is pi * bevSizePx pixels long; more columns than that add nothing.
    targetWidthPx: Math.max(2048, 4 * bevSizePx),
  });
}

/** Panorama to BEV [inputSizePx x inputSizePx] over the ground of one tile. */
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

/** BEV to the encoder's input [1,3,S,S] in [0,1]: the generated view, or the BEV itself without a generator. */
export async function generateView(bev: Bev, region: LoadedRegion): Promise<Tensor> {
  const { generator } = region.networks;
  if (!generator) return bevToNchw(bev, 'unit');
  return signedToUnit(await generator.run(bevToNchw(bev, 'signed')));
}

/** View to descriptor [D], unit length. */
export async function embedView(view: Tensor, region: LoadedRegion): Promise<Float32Array> {
  return (await region.networks.encoder.run(view)).data;
}

/** The rows that a prior leaves, or undefined without one. */
export function allowedRows(prior: Prior | undefined, region: LoadedRegion): Uint32Array | undefined {
  if (!prior) return undefined;
  const { catalogue } = region.version;
  return 'bounds' in prior
    ? catalogue.rowsInBbox(prior.bounds)
    : catalogue.rowsInRadius(prior.centre, prior.radiusM);
}

/** Descriptor to the best `top` hits: places where overlapping tiles are merged, raw tiles otherwise. */
export async function searchTiles(
  descriptor: Float32Array,
  region: LoadedRegion,
  options: Pick<LocateOptions, 'top' | 'distinct'>,
  allowed: Uint32Array | undefined,
): Promise<readonly Hit[]> {
  const { index, catalogue } = region.version;
  const candidates = allowed?.length ?? index.count;
  if (candidates === 0) return [];
  if (options.distinct) return searchPlaces(index, catalogue, descriptor, options.top, allowed);
  return index.search(descriptor, Math.min(options.top, candidates), allowed);
}
