// The lists that data sets come with: text read whole, rows with their lines, and the fields that loaders share.
import { readdir, readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { type CsvRow, parseCsv } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import { numberOf } from 'skyfix/search';
import { lineOf, type Problem, type Reason } from './problems.js';
import type { CrossViewPair, DatasetTile, PairedTile } from './types.js';

/** A row that cannot be used; `readRows` turns it into a problem with the row's file and line. */
export class RowError extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** DATASET_INVALID for a list that cannot be used at all. */
export function unusable(path: string, what: string, cause?: unknown): SkyfixError {
  return new SkyfixError('DATASET_INVALID', `${path}: ${what}.`, { cause });
}

/**
 * The text of a list, its lines ended by line feeds alone: UTF-8, or UTF-16 by its byte order mark (what Excel calls Unicode
 * text). Throws DATASET_INVALID where it cannot be read.
 */
async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const mark = bytes.subarray(0, 2).toString('hex');
    const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
    return new TextDecoder(encoding).decode(bytes).replace(/\r\n?/g, '\n'); // which drops the mark
  } catch (error) {
    throw unusable(path, `it cannot be read (${messageOf(error)})`, error);
  }
}

/** Rows of a CSV file with their lines; throws DATASET_INVALID where it cannot be read, holds nothing or an open quote. */
export async function readCsvList(path: string): Promise<CsvRow[]> {
  const text = await readText(path);
  try {
    const rows = parseCsv(text);
    if (rows.length > 0) return rows;
  } catch (error) {
    throw unusable(path, messageOf(error), error);
  }
  throw unusable(path, 'it is empty');
}

/** Rows of a list whose fields are parted by blanks; throws DATASET_INVALID where it cannot be read or is empty. */
export async function readBlankSeparatedList(path: string): Promise<CsvRow[]> {
  const rows = (await readText(path))
    .split('\n')
    .map((text, k) => ({ line: k + 1, fields: text.trim().split(/\s+/) }))
    .filter(({ fields }) => fields[0] !== '');
  if (rows.length === 0) throw unusable(path, 'it is empty');
  return rows;
}

/** Rows of a list, with what was taken for its header. */
export interface HeadedRows {
  readonly rows: readonly CsvRow[];
  /** Absent where the first row is data already. */
  readonly header?: CsvRow;
}

/**
 * Takes the header off a list that its authors publish without one: the first row, where it has names and none of its fields is
 * what the columns hold.
 */
export function withoutHeader(
  rows: readonly CsvRow[],
  isData: (fields: readonly string[]) => boolean,
): HeadedRows {
  const [first, ...rest] = rows;
  if (!first || isData(first.fields) || !first.fields.some((field) => /[A-Za-z]/.test(field)))
    return { rows };
  return { rows: rest, header: first };
}

/** What is told of a header that was taken off. */
export function headerNote(path: string, { header }: HeadedRows): string[] {
  return header
    ? [
        `${lineOf(path, header.line)} is a header ("${header.fields.join(',').slice(0, 60)}") and was left out`,
      ]
    : [];
}

/** True for the path of an image file, by its extension. */
export const isImagePath = (text = ''): boolean => /\.(jpe?g|png|webp|tiff?|bmp|avif)$/i.test(text.trim());

/** True for text that is a number. */
export const isNumber = (text: string | undefined): boolean => !Number.isNaN(numberOf(text));

/** Names in a folder, sorted; throws DATASET_INVALID where it cannot be read. */
export async function readFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    throw unusable(path, `the folder cannot be read (${messageOf(error)})`, error);
  }
}

/** Makes one entry of each row; a row whose maker throws a RowError becomes a problem. `where` names file and line. */
export function readRows<T>(
  path: string,
  rows: readonly CsvRow[],
  make: (fields: readonly string[], where: string) => T,
): { readonly entries: T[]; readonly problems: Problem[] } {
  const entries: T[] = [];
  const problems: Problem[] = [];
  for (const { line, fields } of rows) {
    const where = lineOf(path, line);
    try {
      entries.push(make(fields, where));
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problems.push({ reason: error.reason, where, detail: error.message });
    }
  }
  return { entries, problems };
}

/** Throws a RowError unless the row has so many fields. */
export function requireFields(fields: readonly string[], least: number, most = least): void {
  if (fields.length >= least && fields.length <= most) return;
  const wanted = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
  throw new RowError('wrong-count', `${fields.length} fields instead of ${wanted}`);
}

/** A field that is not empty; throws a RowError that names it otherwise. */
export function textField(fields: readonly string[], index: number, name: string): string {
  const text = fields[index]?.trim();
  if (text) return text;
  throw new RowError('bad-value', `"${name}" is empty`);
}

/** A relative path with slashes, as lists that were made on Windows do not have it; throws a RowError where it is empty. */
export function pathField(fields: readonly string[], index: number, name: string): string {
  return textField(fields, index, name).replaceAll('\\', '/');
}

/** A finite number; throws a RowError that names the field otherwise. */
export function numberField(fields: readonly string[], index: number, name: string): number {
  const value = numberOf(fields[index]);
  if (!Number.isNaN(value)) return value;
  throw new RowError('bad-value', `"${name}" is "${fields[index] ?? ''}"`);
}

/** A place in WGS 84 degrees; throws a RowError where it is none. */
export function placeFields(fields: readonly string[], lonIndex: number, latIndex: number): LonLat {
  const lon = numberField(fields, lonIndex, 'lon');
  const lat = numberField(fields, latIndex, 'lat');
  if (Math.abs(lon) > 180) throw new RowError('bad-value', `"lon" is ${lon}`);
  if (Math.abs(lat) > 90) throw new RowError('bad-value', `"lat" is ${lat}`);
  return { lon, lat };
}

/** Tiles without repetitions of an id, in the order in which they first occur. */
export function distinctTiles(tiles: readonly DatasetTile[]): DatasetTile[] {
  const byId = new Map<string, DatasetTile>();
  for (const tile of tiles) if (!byId.has(tile.id)) byId.set(tile.id, tile);
  return [...byId.values()];
}

/** The distinct tiles of some pairs, in the order in which they first occur. */
export function tilesOf(pairs: readonly CrossViewPair[]): DatasetTile[] {
  return distinctTiles(pairs.flatMap((pair) => pair.tiles.map(({ tile }) => tile)));
}

/** The tile that shows the place of a pair. */
export function positiveOf(pair: CrossViewPair): PairedTile {
  const [positive] = pair.tiles;
  if (!positive) throw new RangeError(`The pair ${pair.id} has no tile.`);
  return positive;
}
