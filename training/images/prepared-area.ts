// An area ready for training and evaluation: what `prepareArea` makes of a data set's split.

import type { BundleInput } from 'skyfix/bundles';
import type { LonLat } from 'skyfix/geometry';
import type { ImageStore } from '../stores/index.js';

/** Row k of every list and store is place k, one pair of the data set. */
export interface PreparedArea {
  /** Data set and splits, e.g. "CVUSA, train". */
  readonly name: string;
  readonly ids: readonly string[];
  /** WGS 84; undefined where the format has none. */
  readonly locations: readonly (LonLat | undefined)[];
  /** Kind of built-up area of each place, where the format tells. */
  readonly districts?: readonly string[];
  /** BEVs of viewSizePx(geometry), as a server makes them. */
  readonly bevs: ImageStore;
  /** Raw panoramas squeezed to inputSizePx x inputSizePx, north in the middle column. */
  readonly panoramas?: ImageStore;
  /**
   * The tile of each place, inputSizePx + 2 marginPx a side: centred on the camera where the source is a mosaic or the
   * file has room for it, else as it is.
   */
  readonly tiles: ImageStore;
  /** More ground than a tile on every side, input pixels; 0 where tiles are files of their own. */
  readonly marginPx: number;
  /** The gallery's number of each place's tile; places that share a tile are the same place. */
  readonly tileOf: readonly number[];
  /** Every tile that a query is searched in, those of no place included; inputSizePx a side. */
  readonly gallery: ImageStore;
  readonly galleryIds: readonly string[];
  /** WGS 84; undefined where the format has none. */
  readonly galleryCentres: readonly (LonLat | undefined)[];
  /** Numbers in the gallery of the tiles that also show the place, further from their middle (VIGOR). */
  readonly semiPositives?: readonly (readonly number[])[];
  /** lookAlikes[k]: places near place k, but not so near that they are the same. Empty where no place is known. */
  readonly lookAlikes: readonly (readonly number[])[];
  /** Overlapping tiles all over the area, where it has a mosaic (the grid protocol). */
  readonly grid?: { readonly centres: readonly LonLat[]; readonly images: ImageStore };
  /** Changes with anything that the images depend on. */
  readonly digest: string;
}

/** Panoramas without a tile: unlabelled ground images. Row k is panorama k. */
export type PreparedPanoramas = Pick<PreparedArea, 'ids' | 'locations' | 'bevs' | 'panoramas' | 'digest'>;

/** Tiles that show no pair's place, for training alone: unlabelled. */
export interface PreparedTiles {
  readonly ids: readonly string[];
  /** With marginPx more on every side. */
  readonly images: ImageStore;
  readonly marginPx: number;
  readonly digest: string;
}

/** Ground images as they are given to a generator, or to an encoder without one. */
export function inputsOf(
  { bevs, panoramas }: Pick<PreparedArea, 'bevs' | 'panoramas'>,
  input: BundleInput,
): ImageStore {
  if (input === 'bev') return bevs;
  if (!panoramas) throw new Error('The panoramas were not prepared.');
  return panoramas;
}
