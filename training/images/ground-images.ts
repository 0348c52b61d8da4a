// The ground images of a data set: BEVs, and raw panoramas where they are wanted.
import { type BundleGeometry, viewSizePx } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import type { CrossViewDataset, DatasetPanorama } from '../datasets/index.js';
import { digestOfStore, type ImageStore } from '../stores/index.js';
import { cachedImageStore, type ListedJob } from './cached-store.js';
import type { PanoramaSource, PoseError } from './image-jobs.js';
import { cacheOf, type PrepareOptions } from './prepare-options.js';

/** BEVs and, if wanted, raw panoramas of some panoramas. */
export async function groundImages(
  dataset: CrossViewDataset,
  panoramas: readonly DatasetPanorama[],
  geometry: BundleGeometry,
  options: PrepareOptions,
): Promise<{ bevs: ImageStore; panoramas?: ImageStore; digest: string }> {
  const cache = cacheOf(dataset, options);
  const jobs = (kind: 'bev' | 'panorama'): readonly ListedJob[] =>
    panoramas.map((one) => ({
      job: { kind, panorama: panoramaSourceOf(dataset, one), geometry: groundGeometry(geometry, one) },
      listedAt: one.listedAt,
    }));
  const bevs = await cachedImageStore(jobs('bev'), viewSizePx(geometry), cache('BEVs'));
  const raw =
    options.panoramas && (await cachedImageStore(jobs('panorama'), geometry.inputSizePx, cache('panoramas')));
  const digests = [panoramas.map(({ id }) => id), digestOfStore(bevs), raw && digestOfStore(raw)];
  return { bevs, ...(raw && { panoramas: raw }), digest: sha256OfBytes(JSON.stringify(digests)) };
}

/** One BEV of each of some panoramas, each told another camera height and pose. */
export function changedBevs(
  dataset: CrossViewDataset,
  panoramas: readonly DatasetPanorama[],
  geometry: BundleGeometry,
  changeOf: (row: number) => { readonly heightFactor?: number; readonly error?: PoseError },
  options: PrepareOptions,
): Promise<ImageStore> {
  const jobs = panoramas.map((one, row): ListedJob => {
    const { heightFactor = 1, error } = changeOf(row);
    const told = groundGeometry(geometry, one);
    const own = { ...told, cameraHeightM: told.cameraHeightM * heightFactor };
    const panorama = panoramaSourceOf(dataset, one);
    return { job: { kind: 'bev', panorama, geometry: own, ...(error && { error }) }, listedAt: one.listedAt };
  });
  return cachedImageStore(jobs, viewSizePx(geometry), cacheOf(dataset, options)('BEVs'));
}

/**
 * What is told of a panorama when it is decoded. A town's headings are the true ones, which no server knows: there, and in
 * photos, the file says where it looks, unless a list beside it does.
 */
export function panoramaSourceOf({ format }: CrossViewDataset, panorama: DatasetPanorama): PanoramaSource {
  const { path, headingDeg, verticalFovDeg, horizonShare, fieldOfView, told } = panorama;
  const assumed = { ...(fieldOfView && { fieldOfView }) };
  if (format === 'town' || format === 'photos') return { path, ...assumed, ...told };
  return {
    path,
    ...assumed,
    ...(headingDeg !== undefined && { headingDeg }),
    ...(verticalFovDeg !== undefined && { verticalFovDeg }),
    ...(horizonShare !== undefined && { horizonShare }),
  };
}

/** The parts of a geometry that the ground images depend on, with the camera's own height where it is known. */
function groundGeometry(
  { tileSizeM, inputSizePx, bevSizePx, cameraHeightM: usualM, searchMarginPx, fieldOfView }: BundleGeometry,
  { cameraHeightM = usualM }: DatasetPanorama,
) {
  return {
    tileSizeM,
    inputSizePx,
    bevSizePx,
    cameraHeightM,
    ...(searchMarginPx && { searchMarginPx }),
    ...(fieldOfView && { fieldOfView }),
  };
}
