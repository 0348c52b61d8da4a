// Descriptors that are maps of a tile's ground: how they are made up, so that pieces of them can be compared.
import type { BundleManifest } from './manifest.js';

/** A descriptor is side x side cells, row by row from the north-west, each as many numbers in one direction. */
export interface DescriptorMap {
  /** Cells in a row. */
  readonly side: number;
  /** [side * side], over 0: the length of each cell's numbers, up to a factor that is the same for all cells. */
  readonly weights: readonly number[];
  /** Ground that a descriptor shows, metres a side. */
  readonly sizeM: number;
}

/** How a bundle's descriptors are made up; undefined where nothing is known of it. */
export function descriptorMapOf({
  descriptor: { map },
  geometry,
}: {
  readonly descriptor: { readonly map?: BundleManifest['descriptor']['map'] | undefined };
  readonly geometry: Pick<BundleManifest['geometry'], 'tileSizeM'>;
}): DescriptorMap | undefined {
  return map && { ...map, sizeM: geometry.tileSizeM };
}

/** What is wrong with a manifest's map; undefined where nothing is. */
export function mapFault({ dimensions, map }: BundleManifest['descriptor']): string | undefined {
  if (!map) return undefined;
  const cells = map.side ** 2;
  if (map.weights.length !== cells) {
    return `/descriptor/map/weights has ${map.weights.length} numbers; ${map.side} x ${map.side} cells have ${cells}`;
  }
  if (dimensions % cells === 0) return undefined;
  return `/descriptor/dimensions is ${dimensions}, no whole number of times ${cells} cells`;
}
