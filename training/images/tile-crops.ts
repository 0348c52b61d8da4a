// Which part of a tile's file shows the ground that the BEV shows.
import type { BundleGeometry } from 'skyfix/bundles';
import { type DatasetTile, type PairedTile, VIGOR_TILE_PX } from '../datasets/index.js';
import type { TileCrop } from './image-jobs.js';

/** Tiles may be smaller than the geometry says by so much: they are published with rounded sizes. */
const SLACK = 1.02;

/** How many times the ground of a geometry's tile fits into the file's along a side; 1 where its size is not known. */
export function tilesAcross({ sizeM }: DatasetTile, { tileSizeM }: BundleGeometry): number {
  return sizeM === undefined ? 1 : Math.max(1, sizeM / tileSizeM);
}

/** True for a file that shows less ground than the geometry asks for. */
export function isTooSmall({ sizeM }: DatasetTile, { tileSizeM }: BundleGeometry): boolean {
  return sizeM !== undefined && sizeM * SLACK < tileSizeM;
}

/** The middle of the file that is `wide` tiles of the geometry wide; undefined for all of it. */
export function middleCrop(tile: DatasetTile, geometry: BundleGeometry, wide = 1): TileCrop | undefined {
  const side = wide / tilesAcross(tile, geometry);
  return side >= 1 ? undefined : { left: (1 - side) / 2, top: (1 - side) / 2, side };
}

/**
 * The crop around the camera where it is inside the file, else the middle of it: a tile that would have to be padded is
 * kept as it is, and the encoder has to live with the offset, as it has to in the data set's own protocol.
 */
export function cameraCrop(
  { tile, cameraPx }: PairedTile,
  geometry: BundleGeometry,
  wide: number,
): TileCrop | undefined {
  const middle = middleCrop(tile, geometry, wide);
  if (!middle || !cameraPx) return middle;
  const left = cameraPx.x / VIGOR_TILE_PX - middle.side / 2;
  const top = cameraPx.y / VIGOR_TILE_PX - middle.side / 2;
  const inside = left >= 0 && top >= 0 && left + middle.side <= 1 && top + middle.side <= 1;
  return inside ? { left, top, side: middle.side } : middle;
}
