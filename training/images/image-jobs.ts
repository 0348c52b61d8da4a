// How one image of a store is made out of a data set's file: BEV, raw panorama or tile, by the functions that serving
// uses. A job says everything that its pixels depend on.
import { readFile } from 'node:fs/promises';
import type { BundleGeometry } from 'skyfix/bundles';
import { bevGeometryOf, bevPerViewPx, panoramaWidthOf } from 'skyfix/bundles';
import { BevTableCache, type FieldOfView, projectAveraged, type RgbImage } from 'skyfix/geometry';
import { type DecodedPanorama, decodeImage, decodePanorama, resizeImage } from 'skyfix/imaging';
import { ImageReader, type TileImage } from '../datasets/index.js';
import { rollColumns } from './roll-columns.js';

/** Counted up whenever the code makes other pixels of the same files: caches made before are not used. */
export const PIXELS_VERSION = 2;

/** What is known of a panorama beside its file; absent: what the file's metadata say. */
export interface PanoramaSource {
  readonly path: string;
  readonly headingDeg?: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
  readonly verticalFovDeg?: number;
  readonly horizonShare?: number;
  /** Assumed where the file does not say it, whatever its shape; the geometry's where absent. */
  readonly fieldOfView?: FieldOfView;
}

/** What is added to a panorama's pose, degrees: what may be wrong with the pose that a query tells. */
export interface PoseError {
  readonly headingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** A square of a tile's file in shares of its side; (0, 0) is the upper left corner. */
export interface TileCrop {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export type ImageJob =
  /** BEV of viewSizePx(geometry), perhaps as if the panorama's pose were another. */
  | {
      readonly kind: 'bev';
      readonly panorama: PanoramaSource;
      readonly geometry: BundleGeometry;
      readonly error?: PoseError;
    }
  /** The panorama squeezed to a square, north in its middle column. */
  | { readonly kind: 'panorama'; readonly panorama: PanoramaSource; readonly geometry: BundleGeometry }
  /** A square of an image file, resized; all of it without a crop. */
  | { readonly kind: 'file'; readonly path: string; readonly crop?: TileCrop }
  /** A tile cut from a mosaic; black where there is no imagery, if that is allowed. */
  | {
      readonly kind: 'cut';
      readonly image: TileImage & { kind: 'mosaic' };
      readonly blackIfMissing?: boolean;
    };

/** Makes images; keeps projection tables and mosaics between them until it is closed. */
export class ImageMaker {
  readonly #tables = new BevTableCache();
  readonly #reader = new ImageReader();

  /** The image of a job, sizePx x sizePx. Throws what decoding, projecting and cutting throw. */
  async make(job: ImageJob, sizePx: number): Promise<RgbImage> {
    switch (job.kind) {
      case 'bev':
        return this.#bev(job);
      case 'panorama': {
        const { image, pose } = await decodeSource(job.panorama, job.geometry);
        return rollColumns(await resizeImage(image, sizePx, sizePx), pose.headingDeg / 360);
      }
      case 'file':
        return resizeImage(cropOf(await decodeImage(await readFile(job.path)), job.crop), sizePx, sizePx);
      case 'cut': {
        const tile = await this.#reader.tileOrNull(job.image, sizePx);
        if (tile) return tile;
        if (job.blackIfMissing) return black(sizePx);
        throw new Error(
          `it has no imagery for ${job.image.sizeM} m around ${job.image.centre.lon}, ${job.image.centre.lat}`,
        );
      }
    }
  }

  async #bev({ panorama, geometry, error }: ImageJob & { kind: 'bev' }): Promise<RgbImage> {
    const { image, window, pose } = await decodeSource(panorama, geometry);
    const assumed = error
      ? {
          headingDeg: (((pose.headingDeg + error.headingDeg) % 360) + 360) % 360,
          pitchDeg: pose.pitchDeg + error.pitchDeg,
          rollDeg: pose.rollDeg + error.rollDeg,
        }
      : pose;
    const factor = bevPerViewPx(geometry);
    return projectAveraged(image, window, assumed, bevGeometryOf(geometry), factor, this.#tables).image;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** The files whose content a job's pixels depend on. */
export function fileOfJob(job: ImageJob): string {
  if (job.kind === 'file') return job.path;
  return job.kind === 'cut' ? job.image.path : job.panorama.path;
}

/** As a server decodes an upload with these values in its request. */
export async function decodeSource(
  { path, headingDeg, pitchDeg, rollDeg, verticalFovDeg, horizonShare, fieldOfView }: PanoramaSource,
  geometry: Pick<BundleGeometry, 'bevSizePx' | 'fieldOfView'>,
  targetWidthPx = panoramaWidthOf(geometry),
): Promise<DecodedPanorama> {
  return decodePanorama(await readFile(path), {
    headingDeg,
    pitchDeg,
    rollDeg,
    verticalFovDeg,
    horizonShare,
    fieldOfView: fieldOfView ?? geometry.fieldOfView,
    ofEveryShape: fieldOfView !== undefined,
    targetWidthPx,
  });
}

/** The crop of a square image, to whole pixels. */
function cropOf(image: RgbImage, crop: TileCrop | undefined): RgbImage {
  const { widthPx, heightPx, data } = image;
  if (Math.abs(widthPx - heightPx) > 1) throw new Error(`it is ${widthPx}x${heightPx} px and not square`);
  if (!crop) return image;
  const shortPx = Math.min(widthPx, heightPx);
  const sidePx = Math.max(1, Math.round(crop.side * shortPx));
  const start = (share: number) => Math.min(shortPx - sidePx, Math.max(0, Math.round(share * shortPx)));
  const [left, top] = [start(crop.left), start(crop.top)];
  const out = new Uint8Array(sidePx * sidePx * 3);
  for (let row = 0; row < sidePx; row++) {
    const from = ((top + row) * widthPx + left) * 3;
    out.set(data.subarray(from, from + sidePx * 3), row * sidePx * 3);
  }
  return { widthPx: sidePx, heightPx: sidePx, data: out };
}

function black(sizePx: number): RgbImage {
  return { widthPx: sizePx, heightPx: sizePx, data: new Uint8Array(sizePx * sizePx * 3) };
}
