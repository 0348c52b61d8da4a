// What worlds look like in numbers beside real places, and their contact sheets, as Markdown.
import type { WorldStatistics } from '../town/index.js';
import { fixed, paragraphs, table } from './markdown.js';
import type { StyleWorld } from './style-result.js';

const rgb = (values: readonly number[]) => values.map((value) => fixed(value, 0)).join(' ');
const percent = (share: number) => `${fixed(100 * share, share < 0.1 ? 1 : 0)} %`;

const ROWS: readonly (readonly [title: string, of: (statistics: WorldStatistics) => string])[] = [
  ['places', ({ places }) => String(places)],
  ['tiles: RGB mean', ({ tileRgb }) => rgb(tileRgb)],
  ['deviation of tile means', ({ tileDeviation }) => fixed(tileDeviation, 0)],
  ['dark (V < 0.2)', ({ dark }) => percent(dark)],
  ['green', ({ green }) => percent(green)],
  ['variance in 60–30 m', ({ coarse }) => percent(coarse)],
  ['variance under 2 m', ({ fine }) => percent(fine)],
  ['BEV − tile, mean RGB', ({ gapRgb }) => rgb(gapRgb)],
  ['its spread over pairs', ({ gapSpread }) => fixed(gapSpread, 0)],
  ['skyline, degrees above the horizon', ({ skylineDeg }) => fixed(skylineDeg, 0)],
];

/** A column for each real place and each test world that was measured. */
export function worldStatisticsTable(
  real: Readonly<Record<string, WorldStatistics>>,
  worlds: readonly StyleWorld[],
): string {
  const measured = worlds.flatMap(({ style, statistics }) =>
    statistics ? [[style, statistics] as const] : [],
  );
  const columns = [...Object.entries(real), ...measured];
  if (columns.length === 0) return '';
  return table(
    ['', ...columns.map(([name]) => name)],
    ROWS.map(([title, of]) => [title, ...columns.map(([, statistics]) => of(statistics))]),
  );
}

/** The contact sheets of worlds; `folder` is where they lie, seen from the page. */
export function worldSheets(worlds: readonly StyleWorld[], folder: string): string {
  return paragraphs(
    ...worlds.flatMap(({ style, seed, sheet }) =>
      sheet === undefined
        ? []
        : [
            `![${style}: panoramas, bird's-eye views, tiles](${folder}/${sheet})\n\n*${style}, seed ${seed}.*`,
          ],
    ),
  );
}
