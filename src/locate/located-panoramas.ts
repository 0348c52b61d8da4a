// A list of panoramas and where they were taken.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type CsvRow, parseCsv } from '../files/index.js';
import type { LonLat } from '../geometry/index.js';

/** A panorama and where it was taken. */
export interface LocatedPanorama extends LonLat {
  readonly file: string;
  /** Taken instead of what the file says. */
  readonly headingDeg?: number;
}

export interface ListOptions {
  /** Only rows whose column "split" says so. */
  readonly split?: string | undefined;
  /** Take the column headingDeg; it is left to the files where false. */
  readonly headings?: boolean | undefined;
}

/**
 * A CSV with the columns file, lon and lat, in any order and among others; files lie relative to it. Throws
 * PANORAMA_LIST_INVALID naming the line and what is wrong with it.
 */
export async function readLocatedPanoramas(
  path: string,
  options: ListOptions = {},
): Promise<LocatedPanorama[]> {
  const invalid = (what: string, cause?: unknown) =>
    new SkyfixError('PANORAMA_LIST_INVALID', `${path}: ${what}.`, { cause });
  let rows: CsvRow[];
  try {
    rows = parseCsv(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(`it cannot be read (${messageOf(error)})`, error);
  }
  const [header, ...lines] = rows;
  const columns = header?.fields ?? [];
  const needed = [
    'file',
    'lon',
    'lat',
    ...(options.split === undefined ? [] : ['split']),
    ...(options.headings ? ['headingDeg'] : []),
  ];
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw invalid(`it has no column ${missing.join(', ')}; it has ${columns.join(', ')}`);
  const listed: LocatedPanorama[] = [];
  for (const { line, fields } of lines) {
    const value = (name: string) => fields[columns.indexOf(name)] ?? '';
    if (options.split !== undefined && value('split') !== options.split) continue;
    const number = (name: string, limit: number) => {
      const parsed = value(name).trim() === '' ? Number.NaN : Number(value(name));
      if (Math.abs(parsed) <= limit) return parsed;
      throw invalid(
        `line ${line}: ${name} is ${JSON.stringify(value(name))}; it must be from ${-limit} to ${limit}`,
      );
    };
    if (value('file') === '') throw invalid(`line ${line}: file is empty`);
    listed.push({
      file: join(dirname(path), value('file')),
      lon: number('lon', 180),
      lat: number('lat', 90),
      ...(options.headings && { headingDeg: number('headingDeg', 360) }),
    });
  }
  if (listed.length > 0) return listed;
  throw invalid(
    options.split === undefined
      ? 'it lists no panorama'
      : `no row has the split ${JSON.stringify(options.split)}`,
  );
}
