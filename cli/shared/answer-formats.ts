// Answers on paper: a table for people, JSON lines, CSV, GeoJSON for programs. CSV and GeoJSON have an entry for every
// file, also for one that could not be located, with its status, its code and its warnings.
import { csvField } from '../../src/files/index.js';
import type { LocateAnswer } from '../../src/locate/index.js';

export interface FileAnswer {
  readonly file: string;
  readonly answer: LocateAnswer;
}

export interface FileFailure {
  readonly file: string;
  /** Of the error table, or of the file system. */
  readonly code: string;
  readonly message: string;
}

export type FileOutcome = FileAnswer | FileFailure;
export type AnswerFormat = 'text' | 'json' | 'csv' | 'geojson';

/** Text of one outcome as soon as it is there; `first` marks the run's first. GeoJSON is one document: see closing. */
export function formatOutcome(format: AnswerFormat, item: FileOutcome, first: boolean): string {
  if (format === 'csv') return (first ? CSV_HEADER : '') + csvRows(item);
  if ('code' in item || format === 'geojson') return '';
  return format === 'json' ? `${JSON.stringify({ file: item.file, ...item.answer })}\n` : textTable(item);
}

/** What stands at the end of a run. */
export function formatClosing(format: AnswerFormat, items: readonly FileOutcome[]): string {
  if (format === 'csv' && items.length === 0) return CSV_HEADER;
  if (format !== 'geojson') return '';
  return `${JSON.stringify({ type: 'FeatureCollection', features: items.flatMap(featuresOf) })}\n`;
}

/** A feature a place; one without geometry for a file that has none. */
function featuresOf(item: FileOutcome): object[] {
  const { file } = item;
  const feature = (geometry: object | null, properties: object) => ({
    type: 'Feature',
    geometry,
    properties,
  });
  if ('code' in item) {
    const { code, message } = item;
    return [feature(null, { file, status: 'failed', code, message, warnings: [] })];
  }
  const { region, warnings, results, heading } = item.answer;
  const common = { file, status: 'ok', region, heading, warnings };
  if (results.length === 0) return [feature(null, common)];
  return results.map(({ lon, lat, score, distanceM, ...properties }) =>
    feature(
      { type: 'Point', coordinates: [rounded(lon, DEGREE_DIGITS), rounded(lat, DEGREE_DIGITS)] },
      {
        ...common,
        ...properties,
        score: rounded(score, SCORE_DIGITS),
        ...(distanceM === undefined ? {} : { distanceM: rounded(distanceM, METRE_DIGITS) }),
      },
    ),
  );
}

const COLUMNS =
  'file,rank,tile,lon,lat,score,distanceM,status,code,message,warnings,headingDeg,headingSource,headingUncertaintyDeg';
const CSV_HEADER = `${COLUMNS}\n`;

function csvRows(item: FileOutcome): string {
  const line = (cells: readonly (string | number)[]) => `${cells.map(csvField).join(',')}\n`;
  const { file } = item;
  if ('code' in item)
    return line([file, '', '', '', '', '', '', 'failed', item.code, item.message, '', '', '', '']);
  const { results, warnings, heading } = item.answer;
  const { deg, source, uncertaintyDeg } = heading;
  const uncertainty = uncertaintyDeg === undefined ? '' : rounded(uncertaintyDeg, HEADING_DIGITS);
  const tail = ['ok', '', '', warnings.join(' | '), rounded(deg, HEADING_DIGITS), source, uncertainty];
  if (results.length === 0) return line([file, '', '', '', '', '', '', ...tail]);
  const rows = results.map(({ rank, tile, lon, lat, score, distanceM }) => {
    const place = [rounded(lon, DEGREE_DIGITS), rounded(lat, DEGREE_DIGITS), rounded(score, SCORE_DIGITS)];
    return line([
      file,
      rank,
      tile,
      ...place,
      distanceM === undefined ? '' : rounded(distanceM, METRE_DIGITS),
      ...tail,
    ]);
  });
  return rows.join('');
}

/** 1 cm on the ground. */
const DEGREE_DIGITS = 7;
const SCORE_DIGITS = 4;
const METRE_DIGITS = 2;
const HEADING_DIGITS = 2;
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

function textTable({ file, answer }: FileAnswer): string {
  const { region, bundle, indexVersion, heading, timingsMs, results } = answer;
  const lines = results.map(({ rank, lon, lat, score, tile, distanceM }) => {
    const place = `${lat.toFixed(6).padStart(11)} ${lon.toFixed(6).padStart(11)}`;
    const away = distanceM === undefined ? '' : `  ${distanceM.toFixed(1)} m from the file's GPS`;
    return `${String(rank).padStart(4)} ${place}  ${score.toFixed(4)}  ${tile}${away}`;
  });
  const { deg, source, uncertaintyDeg } = heading;
  const give = uncertaintyDeg === undefined ? '' : ` ± ${rounded(uncertaintyDeg, HEADING_DIGITS)}°`;
  const headingText = `${rounded(deg, HEADING_DIGITS)}°${give} (${source})`;
  const head =
    `${file}: region ${region}, ${bundle}, index ${indexVersion}, heading ${headingText}, ` +
    `${timingsMs.total.toFixed(0)} ms`;
  return `${[head, 'rank         lat         lon   score  tile', ...lines].join('\n')}\n`;
}
