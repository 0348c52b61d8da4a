// skyfix locate --sequence: panoramas of one way, located together; the track as GeoJSON.
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, SkyfixError } from '../../src/errors/index.js';
import { parseCsv } from '../../src/files/index.js';
import { type LocatedFrame, momentOf, type TrackFeatures, trackFeatures } from '../../src/sequences/index.js';
import type { Locator } from '../shared/locators.js';
import { panoramaFiles } from '../shared/panorama-files.js';

/** A panorama of a sequence. */
export interface SequenceFile {
  readonly file: string;
  /** Metres from the one before it, where they are known. */
  readonly distanceM?: number | undefined;
  /** Seconds after the one before it. */
  readonly seconds?: number | undefined;
  /** When it was taken; goes before what the file says. */
  readonly time?: string | undefined;
}

/** So many panoramas are one sequence at most. */
const MOST_FILES = 1000;
/** Candidates of each: POST /locate gives no more. */
export const SEQUENCE_TOP = 50;

/**
 * A folder's panoramas in the order of their names, or those of a CSV with the column file, and distanceM, seconds or
 * time if there are.
 * Throws PARAMETER_INVALID.
 */
export async function sequenceFiles(path: string): Promise<readonly SequenceFile[]> {
  const entry = await stat(path).catch(() => undefined);
  const files = entry?.isDirectory()
    ? (await panoramaFiles([path])).map((file) => ({ file }))
    : await listedFiles(path);
  if (files.length > MOST_FILES) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `${path} has ${files.length} panoramas; a sequence has at most ${MOST_FILES}.`,
    );
  }
  return files;
}

async function listedFiles(path: string): Promise<readonly SequenceFile[]> {
  const invalid = (what: string) =>
    new SkyfixError('PARAMETER_INVALID', `The sequence ${path} cannot be used: ${what}.`);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw invalid(messageOf(error));
  });
  const [header, ...rows] = parseCsv(text);
  const columns = header?.fields.map((field) => field.trim()) ?? [];
  const known = ['file', 'distanceM', 'seconds', 'time'];
  const strange = columns.find((column) => !known.includes(column));
  if (!columns.includes('file') || strange !== undefined) {
    throw invalid(
      `its first line must name the column file, and distanceM, seconds or time if there are; it is "${columns}"`,
    );
  }
  if (rows.length === 0) throw invalid('it names no panorama');
  return rows.map(({ line, fields }) => {
    const textOf = (column: string) =>
      columns.includes(column) ? fields[columns.indexOf(column)]?.trim() : undefined;
    const numberOf = (column: string) => {
      const value = textOf(column);
      if (value === undefined || value === '') return undefined;
      if (Number(value) >= 0 && Number.isFinite(Number(value))) return Number(value);
      throw invalid(`line ${line}: ${column} is "${value}", no number from 0 on`);
    };
    const time = textOf('time') || undefined;
    if (time !== undefined && !momentOf(time)) {
      throw invalid(`line ${line}: time is "${time}", not like 2026-05-01T10:11:12`);
    }
    const file = textOf('file') ?? '';
    if (file === '') throw invalid(`line ${line} names no file`);
    return {
      file: resolve(dirname(path), file),
      distanceM: numberOf('distanceM'),
      seconds: numberOf('seconds'),
      time,
    };
  });
}

/** Locates each, then all together: a GeoJSON FeatureCollection, and how many failed. Throws what stops all (see `stops`). */
export async function locateSequence(
  files: readonly SequenceFile[],
  locator: Locator,
  stops: (error: unknown) => boolean,
  onFile: (failure?: string) => void,
): Promise<{ readonly geojson: TrackFeatures; readonly failed: number }> {
  const located: LocatedFrame[] = [];
  for (const entry of files) {
    try {
      located.push({ ...entry, answer: await locator.locate(entry.file) });
      onFile();
    } catch (error) {
      if (stops(error)) throw error;
      const code = (error as { code?: unknown }).code;
      located.push({
        ...entry,
        code: typeof code === 'string' ? code : 'INTERNAL',
        message: messageOf(error),
      });
      onFile(`${entry.file}: ${messageOf(error)}`);
    }
  }
  return { geojson: trackFeatures(located), failed: located.filter(({ answer }) => !answer).length };
}
