// The port of imagery: a georeferenced picture of any size and projection, or many, that hand out blocks of pixels.
import type { Bounds, LonLat, RgbImage } from '../../../src/geometry/index.js';

export interface ImagerySource {
  /** For manifests and logs, e.g. "GeoTIFF mosaic.tif (EPSG:32632)". */
  readonly description: string;
  readonly bounds: Bounds;
  /** Coordinate system, or several. */
  readonly crs: string;
  /** Ground sampling distance, metres a pixel; of the finest picture where there are several. */
  readonly gsdM: number;
  /** Whose imagery it is and under which terms, as plain text, where its files say so. */
  readonly attribution?: string | undefined;
  /** What else there is to tell of it, as sentences without their full stop. */
  readonly facts: readonly string[];
  /** What was assumed or may be wrong, as sentences. */
  readonly warnings: readonly string[];
  /** Where it would lie if it were read otherwise, for telling why an area is not in it. */
  readonly otherReadings: readonly { readonly how: string; readonly bounds: Bounds }[];
  /** The pictures that may show ground within `reachM` of a place; where they overlap the first one that has imagery counts. */
  layersNear(place: LonLat, reachM: number): readonly ImageryLayer[];
  close(): Promise<void>;
}

/** One picture with one geometry. */
export interface ImageryLayer {
  readonly bounds: Bounds;
  /** Side of a block, pixels. */
  readonly blockPx: number;
  /** Edge coordinates (pixel centres at +0.5) of a place in the picture; may lie outside of it. */
  toPixel(place: LonLat): readonly [x: number, y: number];
  /** Where x means the same again: the width of the world in pixels. */
  readonly periodPx?: number | undefined;
  /** Block number bx, by (its left upper pixel is bx * blockPx, by * blockPx); null where there is no imagery. */
  block(bx: number, by: number): Promise<ImageryBlock | null>;
}

/** A block of blockPx x blockPx pixels; `valid` (0 or 1 a pixel) is absent where all of it is imagery. */
export interface ImageryBlock {
  readonly image: RgbImage;
  readonly valid?: Uint8Array;
}

/** Keeps the most recently used blocks, so that neighbouring tiles decode each block once; bounded in number. */
export class BlockCache {
  readonly #limit: number;
  readonly #blocks = new Map<string, Promise<ImageryBlock | null>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string, read: () => Promise<ImageryBlock | null>): Promise<ImageryBlock | null> {
    const known = this.#blocks.get(key);
    if (known) {
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known;
    }
    const block = read();
    this.#blocks.set(key, block);
    block.catch(() => this.#blocks.delete(key));
    const oldest = this.#blocks.keys().next().value;
    if (this.#blocks.size > this.#limit && oldest !== undefined) this.#blocks.delete(oldest);
    return block;
  }
}
