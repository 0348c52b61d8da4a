// The tile catalogue: which place on Earth each row of the index shows. On disk a CSV, in memory columns.
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import KDBush from 'kdbush';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type CsvRow, csvField, csvRows } from '../files/index.js';
import {
  type Bounds,
  boundsOf,
  insideBbox,
  insideRadius,
  type LonLat,
  wrapLonDeg,
} from '../geometry/index.js';
import type { Tile } from './types.js';

export const CATALOGUE_HEADER = 'tile,lon,lat,sizeM,source';
/** Below the length of a degree of latitude anywhere (110,574 m at the equator). */
const METRES_PER_DEGREE_LAT = 110_500;

export class Catalogue {
  readonly #ids: readonly string[];
  readonly #lons: Float64Array;
  readonly #lats: Float64Array;
  readonly #sizes: Float64Array;
  readonly #largestSizeM: number;
  readonly #sources: readonly string[];
  readonly #tree: KDBush;

  constructor(tiles: readonly Tile[]) {
    this.#ids = tiles.map((t) => t.tile);
    this.#lons = Float64Array.from(tiles, (t) => t.lon);
    this.#lats = Float64Array.from(tiles, (t) => t.lat);
    this.#sizes = Float64Array.from(tiles, (t) => t.sizeM);
    this.#largestSizeM = this.#sizes.reduce((most, sizeM) => Math.max(most, sizeM), 0);
    // One string for each source, however many tiles have it.
    const names = new Map(tiles.map(({ source }) => [source, source]));
    this.#sources = tiles.map(({ source }) => names.get(source) ?? source);
    // lon in [-180, 180), so that a box needs to look at one turn of the Earth only
    this.#tree = new KDBush(tiles.length);
    for (const { lon, lat } of tiles) this.#tree.add(wrapLonDeg(lon), lat);
    this.#tree.finish();
  }

  get count(): number {
    return this.#ids.length;
  }

  /** Ground size of the largest tile, metres; 0 where there are no tiles. */
  get largestSizeM(): number {
    return this.#largestSizeM;
  }

  /** The tile of a row; throws INTERNAL where there is no such row. */
  tile(row: number): Tile {
    const tile = this.#ids[row];
    if (tile === undefined) {
      throw new SkyfixError('INTERNAL', `Row ${row} is not in a catalogue of ${this.count} tiles.`);
    }
    return {
      tile,
      ...this.#place(row),
      sizeM: this.#sizes[row] as number,
      source: this.#sources[row] as string,
    };
  }

  /** Sorted rows whose centre is at most `radiusM` from `centre`. */
  rowsInRadius(centre: LonLat, radiusM: number): Uint32Array {
    const reachDeg = radiusM / METRES_PER_DEGREE_LAT;
    const highestLat = Math.min(90, Math.abs(centre.lat) + reachDeg);
    // Wide enough at the circle's highest latitude; around a pole every longitude is.
    const reachLonDeg = reachDeg / Math.max(1e-9, Math.cos((highestLat * Math.PI) / 180));
    const bounds: Bounds =
      reachLonDeg >= 180
        ? [-180, centre.lat - reachDeg, 180, centre.lat + reachDeg]
        : [
            wrapLonDeg(centre.lon - reachLonDeg),
            centre.lat - reachDeg,
            wrapLonDeg(centre.lon + reachLonDeg),
            centre.lat + reachDeg,
          ];
    return this.#rowsIn(bounds, (row) => insideRadius(this.#place(row), centre, radiusM));
  }

  /** Sorted rows whose centre is inside the box, its border included; the box may cross the antimeridian. */
  rowsInBbox(bounds: Bounds): Uint32Array {
    const [west, south, east, north] = bounds;
    const wide: Bounds = east - west >= 360 ? [-180, south, 180, north] : bounds;
    return this.#rowsIn(wide, (row) => insideBbox(this.#place(row), bounds));
  }

  /** The smallest box around all tile centres; undefined where there are no tiles. */
  bounds(): Bounds | undefined {
    const places = function* (catalogue: Catalogue) {
      for (let row = 0; row < catalogue.count; row++) yield catalogue.#place(row);
    };
    return boundsOf(places(this));
  }

  #place(row: number): LonLat {
    return { lon: this.#lons[row] as number, lat: this.#lats[row] as number };
  }

  /** Sorted rows that pass `keep` among those in the box. */
  #rowsIn([west, south, east, north]: Bounds, keep: (row: number) => boolean): Uint32Array {
    const hair = 1e-9;
    const spans =
      west <= east
        ? [[west, east]]
        : [
            [west, 180],
            [-180, east],
          ];
    const rows = spans.flatMap(([from = -180, to = 180]) => {
      // 180 and -180 are one meridian, which the tree keeps as -180.
      const found = this.#tree.range(from - hair, south - hair, to + hair, north + hair);
      return to >= 180
        ? [...found, ...this.#tree.range(-180 - hair, south - hair, -180 + hair, north + hair)]
        : found;
    });
    return Uint32Array.from(new Set(rows.filter(keep))).sort();
  }
}

/** Reads catalogue.csv. Throws INDEX_MISSING where it is not there, INDEX_CORRUPT with the line that is wrong. */
export async function readCatalogue(path: string): Promise<Catalogue> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
  }
  return new Catalogue(await parseTiles(text, path));
}

/** Rows between two turns of the event loop: some milliseconds. */
const ROWS_PER_TURN = 2000;

async function parseTiles(text: string, path: string): Promise<Tile[]> {
  const tiles: Tile[] = [];
  const ids = new Set<string>();
  let header: string | undefined;
  try {
    for (const row of csvRows(text)) {
      if (header === undefined) {
        header = row.fields.join(',');
        if (header !== CATALOGUE_HEADER) throw new Error(`line 1 is "${header}", not "${CATALOGUE_HEADER}"`);
        continue;
      }
      const tile = tileOf(row);
      if (tile.tile === '' || ids.has(tile.tile)) {
        throw new Error(`line ${row.line}: tile "${tile.tile}" is empty or named twice`);
      }
      ids.add(tile.tile);
      if (tiles.push(tile) % ROWS_PER_TURN === 0) await nextTurn();
    }
    if (header === undefined) throw new Error('it is empty');
  } catch (error) {
    throw new SkyfixError('INDEX_CORRUPT', `${path}: ${messageOf(error)}.`, { cause: error });
  }
  return tiles;
}

function tileOf({ line, fields }: CsvRow): Tile {
  const [tile = '', lonText, latText, sizeText, source = ''] = fields;
  const [lon, lat, sizeM] = [numberOf(lonText), numberOf(latText), numberOf(sizeText)];
  if (fields.length !== 5) throw new Error(`line ${line} has ${fields.length} fields, not 5`);
  if (!(Math.abs(lon) <= 180)) throw new Error(`line ${line}: lon is "${lonText}"`);
  if (!(Math.abs(lat) <= 90)) throw new Error(`line ${line}: lat is "${latText}"`);
  if (!(sizeM > 0)) throw new Error(`line ${line}: sizeM is "${sizeText}"`);
  return { tile, lon, lat, sizeM, source };
}

/** A finite number written in the field; NaN for everything else, the empty field included. */
export function numberOf(text: string | undefined): number {
  if (text === undefined || text.trim() === '') return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** catalogue.csv of these tiles; places keep 8 decimals (a millimetre). */
export function formatCatalogue(tiles: readonly Tile[]): string {
  const lines = tiles.map(({ tile, lon, lat, sizeM, source }) =>
    [csvField(tile), Number(lon.toFixed(8)), Number(lat.toFixed(8)), sizeM, csvField(source)].join(','),
  );
  return `${[CATALOGUE_HEADER, ...lines].join('\n')}\n`;
}
