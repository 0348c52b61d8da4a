// Answers on paper: a table for people, JSON lines, CSV, GeoJSON for programs. CSV and GeoJSON have an entry for every
// file, also for one that could not be located, with its status, its code and its warnings.
import { csvField } from '../../src/files/index.js';
import type { LocateAnswer, Verdict } from '../../src/locate/index.js';

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
    return [feature(null, { file, status: 'failed', code, message, ...verdictOf(item), warnings: [] })];
  }
  const { region, warnings, results, heading, verdict, reason, confidence } = item.answer;
  const common = { file, status: 'ok', region, heading, verdict, reason, confidence, warnings };
  if (results.length === 0) return [feature(null, common)];
  return results.map(({ lon, lat, score, probability, radiusM, distanceM, ...properties }) =>
    feature(
      { type: 'Point', coordinates: [rounded(lon, DEGREE_DIGITS), rounded(lat, DEGREE_DIGITS)] },
      {
        ...common,
        ...properties,
        score: rounded(score, SCORE_DIGITS),
        probability: rounded(probability, SCORE_DIGITS),
        radiusM: { p68: rounded(radiusM.p68, METRE_DIGITS), p95: rounded(radiusM.p95, METRE_DIGITS) },
        ...(distanceM === undefined ? {} : { distanceM: rounded(distanceM, METRE_DIGITS) }),
      },
    ),
  );
}

/** A file that shows nothing has a verdict too, though the server refuses it. */
function verdictOf({ code, message }: FileFailure): { verdict?: Verdict; reason?: string } {
  return code === 'PANORAMA_BLANK' ? { verdict: 'unusable image', reason: message } : {};
}

const PLACE_COLUMNS = ['rank', 'tile', 'lon', 'lat', 'score', 'distanceM'];
const FILE_COLUMNS = ['status', 'code', 'message', 'warnings'];
const HEADING_COLUMNS = ['headingDeg', 'headingSource', 'headingUncertaintyDeg'];
const CONFIDENCE_COLUMNS = ['probability', 'radius68M', 'radius95M'];
const VERDICT_COLUMNS = ['verdict', 'reason', 'confidenceSource'];
const GROUPS = [PLACE_COLUMNS, FILE_COLUMNS, HEADING_COLUMNS, CONFIDENCE_COLUMNS, VERDICT_COLUMNS];
const CSV_HEADER = `${['file', ...GROUPS.flat()]}\n`;
const empty = (columns: readonly string[]) => columns.map(() => '');

function csvRows(item: FileOutcome): string {
  const line = (cells: readonly (string | number)[]) => `${cells.map(csvField).join(',')}\n`;
  const { file } = item;
  if ('code' in item) {
    const { verdict = '', reason = '' } = verdictOf(item);
    const status = ['failed', item.code, item.message, ''];
    const none = [...empty(HEADING_COLUMNS), ...empty(CONFIDENCE_COLUMNS)];
    return line([file, ...empty(PLACE_COLUMNS), ...status, ...none, verdict, reason, '']);
  }
  const { results, warnings, heading, verdict, reason, confidence } = item.answer;
  const { deg, source, uncertaintyDeg } = heading;
  const uncertainty = uncertaintyDeg === undefined ? '' : rounded(uncertaintyDeg, HEADING_DIGITS);
  const middle = ['ok', '', '', warnings.join(' | '), rounded(deg, HEADING_DIGITS), source, uncertainty];
  const tail = [verdict, reason, confidence.source];
  if (results.length === 0) {
    return line([file, ...empty(PLACE_COLUMNS), ...middle, ...empty(CONFIDENCE_COLUMNS), ...tail]);
  }
  const rows = results.map(({ rank, tile, lon, lat, score, probability, radiusM, distanceM }) => {
    const place = [rounded(lon, DEGREE_DIGITS), rounded(lat, DEGREE_DIGITS), rounded(score, SCORE_DIGITS)];
    const away = distanceM === undefined ? '' : rounded(distanceM, METRE_DIGITS);
    const worth = [
      rounded(probability, SCORE_DIGITS),
      rounded(radiusM.p68, METRE_DIGITS),
      rounded(radiusM.p95, METRE_DIGITS),
    ];
    return line([file, rank, tile, ...place, away, ...middle, ...worth, ...tail]);
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
  const { region, bundle, indexVersion, heading, timingsMs, results, verdict, reason, confidence } = answer;
  const lines = results.map(({ rank, lon, lat, score, tile, probability, radiusM, distanceM }) => {
    const place = `${lat.toFixed(6).padStart(11)} ${lon.toFixed(6).padStart(11)}`;
    const worth = `${(100 * probability).toFixed(1).padStart(9)} % ${radiusM.p95.toFixed(0).padStart(7)} m`;
    const away = distanceM === undefined ? '' : `  ${distanceM.toFixed(1)} m from the file's GPS`;
    return `${String(rank).padStart(4)} ${place}  ${score.toFixed(4)} ${worth}  ${tile}${away}`;
  });
  const { deg, source, uncertaintyDeg } = heading;
  const give = uncertaintyDeg === undefined ? '' : ` ± ${rounded(uncertaintyDeg, HEADING_DIGITS)}°`;
  const headingText = `${rounded(deg, HEADING_DIGITS)}°${give} (${source})`;
  const head =
    `${file}: region ${region}, ${bundle}, index ${indexVersion}, heading ${headingText}, ` +
    `${timingsMs.total.toFixed(0)} ms`;
  const calibrated = confidence.source === 'none' ? ' (not calibrated)' : '';
  const columns = 'rank         lat         lon   score probability  95 % in  tile';
  return `${[head, `${verdict}: ${reason}${calibrated}`, columns, ...lines].join('\n')}\n`;
}
