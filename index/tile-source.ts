// The port of an index's tiles: a grid over imagery, or a list of image files.
import type { Tile } from '../src/search/index.js';
import type { Area } from './area.js';
import type { GridOrigin } from './grid.js';
import type { CutTile, ImagerySource } from './imagery/index.js';

/** Tiles by number, in the order of a Hilbert curve: consecutive ones are neighbours. */
export interface TileSource {
  readonly count: number;
  readonly sizeM: number;
  /** Null where the tiles follow no grid. */
  readonly strideM: number | null;
  readonly description: string;
  /** Changes with anything that changes the tiles; a build that was interrupted goes on only where it is the same. */
  readonly digest: string;
  /** The lattice that the tiles lie on; absent where they follow no grid. */
  readonly origin?: GridOrigin | undefined;
  /** Which places are tiles, in their order, as a digest. */
  readonly placesDigest: string;
  /** What is taken, as lines for people: bounds, ground sampling distance, scaling. */
  readonly facts: readonly string[];
  /** What was assumed, left out or may be wrong, as sentences. */
  readonly warnings: readonly string[];
  /** What the tiles are cut of; absent where they are a list. */
  readonly imagery?: ImagerySource;
  /** What they were limited to. */
  readonly area?: Area | undefined;
  tile(number: number): Tile;
  /**
   * How far along the curve a tile lies, ascending. It is that of its place, whatever else is built: tiles of one batch, which
   * are described together and never with others, are those of an aligned run of positions. So a descriptor has the same bits
   * however an index is divided, and whatever comes and goes beside it.
   */
  position(number: number): number;
  /** The tile's pixels, north up, and how much of it has no imagery. */
  image(number: number, sizePx: number): Promise<CutTile>;
  /** Of the pixels' files: the same for copies on other machines, whose times differ. Reads them all. */
  contentDigest(): Promise<string>;
  close(): Promise<void>;
}
