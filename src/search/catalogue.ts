// The tile catalogue: which place on Earth each row of the index shows.
import { SkyfixError } from '../errors/index.js';
import { type Bounds, boundsOf, type LonLat } from '../geometry/index.js';
import type { RowSet } from './row-set.js';
import { type TileColumns, TileColumnsBuilder, tileAt } from './tile-columns.js';
import { TileTree } from './tile-tree.js';
import type { Tile } from './types.js';

/** What a catalogue is made of: columns, and the data of their tree where it was built elsewhere. */
export interface CatalogueParts {
  readonly columns: TileColumns;
  readonly tree?: ArrayBufferLike;
}

/** Rows that are kept as neighbours of others: 16 MB. */
const KEPT_NEIGHBOURS = 4_000_000;

export class Catalogue {
  readonly #columns: TileColumns;
  readonly #tree: TileTree;
  readonly #neighbours = new Map<number, Uint32Array>();
  #neighbourRows = 0;
  #neighbourRadiusM = Number.NaN;
  /** Ground size of the largest tile, metres; 0 where there are no tiles. */
  readonly largestSizeM: number;

  /** Of tiles; building the tree of a million takes a second, which readCatalogue leaves to a thread. */
  constructor(tiles: Iterable<Tile> | CatalogueParts) {
    const { columns, tree } = 'columns' in tiles ? tiles : { columns: columnsOf(tiles), tree: undefined };
    this.#columns = columns;
    this.#tree = new TileTree(columns.lons, columns.lats, tree);
    this.largestSizeM = columns.sizes.reduce((most, sizeM) => Math.max(most, sizeM), 0);
  }

  /** What another thread makes the same catalogue of, without a copy. */
  get parts(): CatalogueParts {
    return { columns: this.#columns, tree: this.#tree.data };
  }

  /** All of them, by row. */
  *tiles(): Generator<Tile> {
    for (let row = 0; row < this.count; row++) yield tileAt(this.#columns, row);
  }

  get count(): number {
    return this.#columns.lons.length;
  }

  /** The tile of a row; throws INTERNAL where there is no such row. */
  tile(row: number): Tile {
    if (!(row >= 0 && row < this.count)) {
      throw new SkyfixError('INTERNAL', `Row ${row} is not in a catalogue of ${this.count} tiles.`);
    }
    return tileAt(this.#columns, row);
  }

  /** Where the centre of a row's tile is; throws INTERNAL where there is no such row. */
  place(row: number): LonLat {
    const { lons, lats } = this.#columns;
    const [lon, lat] = [lons[row], lats[row]];
    if (lon === undefined || lat === undefined) {
      throw new SkyfixError('INTERNAL', `Row ${row} is not in a catalogue of ${this.count} tiles.`);
    }
    return { lon, lat };
  }

  /** Rows whose centre is at most `radiusM` from `centre`. Some milliseconds for a million tiles. */
  rowsInRadius(centre: LonLat, radiusM: number): RowSet {
    return this.#tree.rowsInRadius(centre, radiusM);
  }

  /**
   * The same around the centre of a row's tile, kept: whoever asks for the rows around positions asks for the same ones again
   * and again, with one radius.
   */
  neighbours(row: number, radiusM: number): Uint32Array {
    if (radiusM !== this.#neighbourRadiusM || this.#neighbourRows > KEPT_NEIGHBOURS) {
      this.#neighbours.clear();
      this.#neighbourRows = 0;
      this.#neighbourRadiusM = radiusM;
    }
    const known = this.#neighbours.get(row);
    if (known) return known;
    const { rows } = this.rowsInRadius(this.place(row), radiusM);
    this.#neighbours.set(row, rows);
    this.#neighbourRows += rows.length;
    return rows;
  }

  /** Rows whose centre is inside the box, its border included; the box may cross the antimeridian. */
  rowsInBbox(bounds: Bounds): RowSet {
    return this.#tree.rowsInBbox(bounds);
  }

  /** The smallest box around all tile centres; undefined where there are no tiles. */
  bounds(): Bounds | undefined {
    const places = function* (catalogue: Catalogue) {
      for (let row = 0; row < catalogue.count; row++) yield catalogue.place(row);
    };
    return boundsOf(places(this));
  }
}

function columnsOf(tiles: Iterable<Tile>): TileColumns {
  const builder = new TileColumnsBuilder();
  for (const tile of tiles) builder.add(tile);
  return builder.finish();
}
