// The places of CVUSA's images, split_locations/all.csv: row k is of id k, so nothing may shift the rows.
import { stat } from 'node:fs/promises';
import type { CsvRow } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import {
  type HeadedRows,
  headerNote,
  isNumber,
  placeFields,
  RowError,
  readCsvList,
  requireFields,
  unusable,
  withoutHeader,
} from '../listing/lists.js';
import { lineOf } from '../listing/problems.js';

export interface CvusaPlaces {
  readonly notes: readonly string[];
  /** The places of an image's tile and panorama; throws a RowError where the list has none. */
  of(id: string): { readonly tile: LonLat; readonly ground: LonLat };
}

/** Where a row has its numbers. */
interface Columns {
  readonly tileLat: number;
  readonly tileLon: number;
  readonly groundLat: number;
  readonly groundLon: number;
  /** Number of the image; absent: the row's own number is it. */
  readonly id?: number;
}

/** As published: without a header. */
const PUBLISHED: Columns = { tileLat: 0, tileLon: 1, groundLat: 2, groundLon: 3 };
const TILE = /aerial|sat|tile|bing|overhead/i;
const GROUND = /ground|street|pano|query/i;
const LAT = /lat/i;
const LON = /lon|lng/i;

/**
 * Reads the list; undefined where there is none. A header is left out, and its names say where the numbers are. Throws
 * DATASET_INVALID where it is empty, where the header does not tell tile and ground apart, or where an empty line makes it
 * uncertain which row belongs to which image.
 */
export async function readCvusaPlaces(path: string): Promise<CvusaPlaces | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const list = withoutHeader(await readCsvList(path), (row) => row.slice(0, 4).some(isNumber));
  const columns = columnsOf(path, list);
  const rows = columns.id === undefined ? byNumber(path, list) : byId(list.rows, columns.id);
  const { length } = list.rows;
  return {
    notes: headerNote(path, list),
    of(id) {
      const number = Number(id);
      if (!Number.isInteger(number) || number < 1) {
        throw new RowError('bad-value', `"${id}" is not a number from 1, so ${path} has no place for it`);
      }
      const row = rows.get(number);
      if (!row) throw new RowError('wrong-count', `${path} has ${length} rows and none for id ${id}`);
      return placesIn(path, row, columns);
    },
  };
}

function columnsOf(path: string, { header }: HeadedRows): Columns {
  if (!header) return PUBLISHED;
  const at = (...forms: readonly RegExp[]) =>
    header.fields.findIndex((name) => forms.every((form) => form.test(name)));
  const id = header.fields.findIndex((name) => /^\W*(id|index|number|image)\W*$/i.test(name));
  const named = {
    tileLat: at(TILE, LAT),
    tileLon: at(TILE, LON),
    groundLat: at(GROUND, LAT),
    groundLon: at(GROUND, LON),
    ...(id >= 0 && { id }),
  };
  if (Math.min(named.tileLat, named.tileLon, named.groundLat, named.groundLon) >= 0) return named;
  const plain = [LAT, LON, LAT, LON].every((form, k) => form.test(header.fields[k] ?? ''));
  if (plain && id < 0) return PUBLISHED;
  throw unusable(
    path,
    `line ${header.line} is the header "${header.fields.join(',')}", which does not tell the ` +
      'latitude and longitude of tile and ground; write aerial_lat,aerial_lon,ground_lat,ground_lon, ' +
      'or leave it out',
  );
}

function byNumber(path: string, { rows, header }: HeadedRows): ReadonlyMap<number, CsvRow> {
  const before = header?.line ?? 0;
  return new Map(
    rows.map((row, k) => {
      const number = k + 1;
      if (row.line !== before + number) {
        const detail =
          `line ${before + number} is empty, so it is not certain which row belongs to which id; ` +
          'remove the line or fill it';
        throw unusable(path, detail);
      }
      return [number, row];
    }),
  );
}

function byId(rows: readonly CsvRow[], column: number): ReadonlyMap<number, CsvRow> {
  return new Map(rows.map((row) => [Number(row.fields[column]), row]));
}

function placesIn(path: string, { line, fields }: CsvRow, columns: Columns) {
  const { tileLat, tileLon, groundLat, groundLon } = columns;
  try {
    requireFields(fields, 4, Number.POSITIVE_INFINITY);
    return { tile: placeFields(fields, tileLon, tileLat), ground: placeFields(fields, groundLon, groundLat) };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new RowError(error.reason, `${lineOf(path, line)}: ${error.message}`);
  }
}
