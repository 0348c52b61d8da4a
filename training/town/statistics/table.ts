// Statistics side by side as text.
import type { WorldStatistics } from './world-statistics.js';

const whole = (values: readonly number[]): string =>
  values.map((value) => String(Math.round(value))).join(' ');
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

const ROWS: readonly (readonly [string, (s: WorldStatistics) => string])[] = [
  ['places', (s) => String(s.places)],
  ['tiles: RGB mean', (s) => whole(s.tileRgb)],
  ['deviation of tile means', (s) => s.tileDeviation.toFixed(0)],
  ['dark (V < 0.2)', (s) => percent(s.dark)],
  ['green', (s) => percent(s.green)],
  ['variance in 60-30 m', (s) => percent(s.coarse)],
  ['variance under 2 m', (s) => percent(s.fine)],
  ['BEV - tile, mean RGB', (s) => whole(s.gapRgb)],
  ['its spread over pairs', (s) => s.gapSpread.toFixed(0)],
  ['skyline, degrees', (s) => s.skylineDeg.toFixed(0)],
];

/** A table of text with a column a name. */
export function statisticsTable(
  columns: readonly (readonly [name: string, statistics: WorldStatistics])[],
): string {
  const lines = [
    ['', ...columns.map(([name]) => name)],
    ...ROWS.map(([title, text]) => [title, ...columns.map(([, s]) => text(s))]),
  ];
  const widths = (lines[0] as string[]).map((_, k) =>
    Math.max(...lines.map((line) => (line[k] as string).length)),
  );
  return lines
    .map((line) =>
      line
        .map((text, k) => (k === 0 ? text.padEnd(widths[k] as number) : text.padStart(widths[k] as number)))
        .join('  '),
    )
    .join('\n');
}
