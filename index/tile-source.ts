// The port of an index's tiles: a grid over imagery, or a list of image files.
import type { Tile } from '../src/search/index.js';
import type { Area } from './area.js';
import type { CutTile, ImagerySource } from './imagery/index.js';

/** Tiles by number. */
export interface TileSource {
  readonly count: number;
  readonly sizeM: number;
  /** Null where the tiles follow no grid. */
  readonly strideM: number | null;
  readonly description: string;
  /** Changes with anything that changes the tiles; a build that was interrupted goes on only where it is the same. */
  readonly digest: string;
  /** What is taken, as lines for people: bounds, ground sampling distance, scaling. */
  readonly facts: readonly string[];
  /** What was assumed, left out or may be wrong, as sentences. */
  readonly warnings: readonly string[];
  /** What the tiles are cut of; absent where they are a list. */
  readonly imagery?: ImagerySource;
  /** What they were limited to. */
  readonly area?: Area | undefined;
  tile(number: number): Tile;
  /** The tile's pixels, north up, and how much of it has no imagery. */
  image(number: number, sizePx: number): Promise<CutTile>;
  close(): Promise<void>;
}
