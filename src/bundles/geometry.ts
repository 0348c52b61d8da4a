// What follows from a bundle's geometry: the sizes of BEV, view and panorama.
import type { BevGeometry } from '../geometry/index.js';
import type { BundleGeometry } from './manifest.js';

/** Side of the view and of the generator's input, pixels: a tile and the margin on both sides. */
export function viewSizePx({ inputSizePx, searchMarginPx = 0 }: BundleGeometry): number {
  return inputSizePx + 2 * searchMarginPx;
}

/** Looks in a row, and rows of looks, that the encoder takes at a view: 1 without a margin. */
export function looksPerSide({
  searchMarginPx = 0,
  searchStepPx = searchMarginPx,
}: Pick<BundleGeometry, 'searchMarginPx' | 'searchStepPx'>): number {
  return searchMarginPx === 0 ? 1 : (2 * searchMarginPx) / searchStepPx + 1;
}

/** Pixels of the BEV, along a side, that become one of the view. */
export function bevPerViewPx({ bevSizePx, inputSizePx }: BundleGeometry): number {
  return bevSizePx / inputSizePx;
}

/** The BEV that a bundle's networks take: the ground of one tile, and the margin in which the encoder looks around. */
export function bevGeometryOf(geometry: BundleGeometry, cameraHeightM = geometry.cameraHeightM): BevGeometry {
  const { bevSizePx, tileSizeM } = geometry;
  const sizePx = bevPerViewPx(geometry) * viewSizePx(geometry);
  return { sizePx, gsdM: tileSizeM / bevSizePx, cameraHeightM };
}

/** The camera heights at which a photo is projected to the ground: the one that is given, else all the bundle assumes; metres. */
export function cameraHeightsOf(
  { cameraHeightM, cameraHeightsM = [cameraHeightM] }: BundleGeometry,
  givenM?: number,
): readonly number[] {
  return givenM === undefined ? cameraHeightsM : [givenM];
}

/**
 * Columns of a full circle beyond which a panorama adds nothing to the BEV, whose outermost ring is pi * bevSizePx
 * pixels long: wider panoramas are shrunk to this before they are projected.
 */
export function panoramaWidthOf({ bevSizePx }: Pick<BundleGeometry, 'bevSizePx'>): number {
  return Math.max(2048, 4 * bevSizePx);
}
