// Answers on paper: a table for people, JSON lines, CSV, GeoJSON for programs.

import { csvField } from '../../src/files/index.js';
import type { LocateAnswer } from '../../src/locate/index.js';

export interface FileAnswer {
  readonly file: string;
  readonly answer: LocateAnswer;
}

export type AnswerFormat = 'text' | 'json' | 'csv' | 'geojson';

/** Text of one answer as soon as it is there; `first` marks the run's first. GeoJSON is one document: see closing. */
export function formatAnswer(format: AnswerFormat, item: FileAnswer, first: boolean): string {
  if (format === 'json') return `${JSON.stringify({ file: item.file, ...item.answer })}\n`;
  if (format === 'csv') return csvRows(item, first);
  if (format === 'geojson') return '';
  return textTable(item);
}

/** What stands at the end of a run. */
export function formatClosing(format: AnswerFormat, items: readonly FileAnswer[]): string {
  if (format === 'csv' && items.length === 0) return CSV_HEADER;
  if (format !== 'geojson') return '';
  const features = items.flatMap(({ file, answer }) =>
    answer.results.map(({ lon, lat, ...properties }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [lon, lat] },
      properties: { file, region: answer.region, ...properties },
    })),
  );
  return `${JSON.stringify({ type: 'FeatureCollection', features })}\n`;
}

const CSV_HEADER = 'file,rank,tile,lon,lat,score,distanceM\n';

function csvRows({ file, answer }: FileAnswer, first: boolean): string {
  const rows = answer.results.map((p) =>
    [csvField(file), p.rank, csvField(p.tile), p.lon, p.lat, p.score, p.distanceM ?? ''].join(','),
  );
  return (first ? CSV_HEADER : '') + rows.map((row) => `${row}\n`).join('');
}

function textTable({ file, answer }: FileAnswer): string {
  const { region, bundle, indexVersion, heading, timingsMs, results } = answer;
  const lines = results.map(({ rank, lon, lat, score, tile, distanceM }) => {
    const place = `${lat.toFixed(6).padStart(11)} ${lon.toFixed(6).padStart(11)}`;
    const away = distanceM === undefined ? '' : `  ${distanceM.toFixed(1)} m from the file's GPS`;
    return `${String(rank).padStart(4)} ${place}  ${score.toFixed(4)}  ${tile}${away}`;
  });
  const head = `${file}: region ${region}, ${bundle}, index ${indexVersion}, heading ${heading.deg} (${heading.source}), ${timingsMs.total.toFixed(0)} ms`;
  return `${[head, 'rank         lat         lon   score  tile', ...lines].join('\n')}\n`;
}
