// The tile catalogue: row number -> name, centre, size, source. Numbers live in typed arrays.
import { readFile } from 'node:fs/promises';
import { SkyfixError } from '../errors/index.js';
import { type Bounds, boundsOf, insideBbox, insideRadius, type LonLat } from '../geometry/index.js';
import type { Tile } from './types.js';

const HEADER = 'tile,lon,lat,sizeM,source';

/** All tiles of an index version, by row. */
export class Catalogue {
  readonly #names: readonly string[];
  readonly #sources: readonly string[];
  readonly #lon: Float64Array;
  readonly #lat: Float64Array;
  readonly #sizeM: Float64Array;

  constructor(tiles: readonly Tile[]) {
    this.#names = tiles.map((tile) => tile.tile);
    const kinds = new Map(tiles.map(({ source }) => [source, source]));
    this.#sources = tiles.map(({ source }) => kinds.get(source) ?? source);
    this.#lon = Float64Array.from(tiles, (tile) => tile.lon);
    this.#lat = Float64Array.from(tiles, (tile) => tile.lat);
    this.#sizeM = Float64Array.from(tiles, (tile) => tile.sizeM);
  }

  get count(): number {
    return this.#names.length;
  }

  /** The tile in a row. Throws INDEX_CORRUPT for a row that does not exist. */
  tile(row: number): Tile {
    const name = this.#names[row];
    if (name === undefined) {
      throw new SkyfixError(
        'INDEX_CORRUPT',
        `The catalogue has ${this.count} tiles, the graph names row ${row}.`,
      );
    }
    return {
      tile: name,
      lon: this.#lon[row] as number,
      lat: this.#lat[row] as number,
      sizeM: this.#sizeM[row] as number,
      source: this.#sources[row] as string,
    };
  }

  /** The smallest box around the centres; undefined for an empty catalogue. */
  bounds(): Bounds | undefined {
    return boundsOf(this.#names.map((_, row) => this.tile(row)));
  }

  /** Rows whose centre lies in the box (west > east crosses the antimeridian), ascending. */
  rowsInBbox(bbox: Bounds): Uint32Array {
    return this.#rows((point) => insideBbox(point, bbox));
  }

  /** Rows whose centre lies within radiusM of a point, ascending. */
  rowsInRadius(centre: LonLat, radiusM: number): Uint32Array {
    return this.#rows((point) => insideRadius(point, centre, radiusM));
  }

  #rows(inside: (point: LonLat) => boolean): Uint32Array {
    const rows: number[] = [];
    for (let row = 0; row < this.count; row++) {
      if (inside({ lon: this.#lon[row] as number, lat: this.#lat[row] as number })) rows.push(row);
    }
    return Uint32Array.from(rows);
  }
}

/** catalogue.csv as text. Throws PARAMETER_INVALID for names with commas, quotes or line breaks. */
export function formatCatalogue(tiles: readonly Tile[]): string {
  const lines = tiles.map(({ tile, lon, lat, sizeM, source }) => {
    if (/[",\r\n]/.test(tile + source)) {
      throw new SkyfixError(
        'PARAMETER_INVALID',
        `The tile "${tile}" or its source "${source}" holds a comma, quote or line break.`,
      );
    }
    return `${tile},${lon},${lat},${sizeM},${source}`;
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Reads catalogue.csv. Throws INDEX_CORRUPT with path and line. */
export async function readCatalogue(path: string): Promise<Catalogue> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  const fail = (line: number, why: string) =>
    new SkyfixError('INDEX_CORRUPT', `${path}, line ${line}: ${why}`);
  if (lines[0] !== HEADER) throw fail(1, `the header is not "${HEADER}".`);
  const tiles: Tile[] = [];
  const seen = new Set<string>();
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === '') continue;
    const cells = line.split(',');
    const [tile = '', lonText = '', latText = '', sizeText = '', source = ''] = cells;
    const [lon, lat, sizeM] = [lonText, latText, sizeText].map((text) =>
      text === '' ? Number.NaN : Number(text),
    );
    const right = cells.length === 5 && Math.abs(lon as number) <= 180 && Math.abs(lat as number) <= 90;
    if (!right || !((sizeM as number) > 0)) throw fail(i + 1, `"${line}" is not a tile.`);
    if (seen.has(tile)) throw fail(i + 1, `the tile "${tile}" is listed twice.`);
    seen.add(tile);
    tiles.push({ tile, lon: lon as number, lat: lat as number, sizeM: sizeM as number, source });
  }
  return new Catalogue(tiles);
}
