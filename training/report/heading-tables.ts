// The matrix of headings told and fields of view as Markdown.
import { NONE, paragraphs, samplesText, table } from './markdown.js';
import type { Sample } from './statistics.js';
import { HEADINGS_TOLD, type HeadingCell, type HeadingsResult, type HeadingTold } from './style-result.js';

const TOLD: Readonly<Record<HeadingTold, string>> = {
  known: 'known',
  '45': 'within ±45°',
  unknown: 'unknown',
};

interface Measure {
  readonly title: string;
  readonly of: (cell: HeadingCell) => number | undefined;
  readonly digits: number;
}

const MEASURES: readonly Measure[] = [
  { title: 'R@1, percent', of: ({ paired }) => paired.at1, digits: 1 },
  { title: 'Grid within 25 m, percent', of: ({ grid }) => grid.within25M, digits: 1 },
  {
    title: 'Median heading error, degrees',
    // A heading that was told is not an answer.
    of: ({ heading, medianHeadingErrorDeg }) => (heading === 'known' ? undefined : medianHeadingErrorDeg),
    digits: 1,
  },
];

/** A table a measure: heading told by field of view, mean ± deviation over the areas. */
export function headingTables({ cells }: HeadingsResult): string {
  const fovs = [...new Set(cells.map(({ fovDeg }) => fovDeg))].sort((a, b) => b - a);
  const areas = [...new Set(cells.map(({ area }) => area))];
  const tables = MEASURES.map((measure) => {
    const rows = HEADINGS_TOLD.flatMap((heading) => {
      const samples = fovs.map((fovDeg) => samplesOf(cells, areas, heading, fovDeg, measure));
      if (samples.every((some) => some.length === 0)) return [];
      return [[TOLD[heading], ...samples.map((some) => samplesText(some, measure.digits))]];
    });
    if (rows.length === 0) return '';
    const head = ['heading', ...fovs.map((fovDeg) => (fovDeg === 360 ? '360°' : `${fovDeg}°`))];
    return paragraphs(`**${measure.title}**`, table(head, rows));
  });
  return paragraphs(`Areas: ${areas.length > 0 ? areas.join(', ') : NONE}.`, ...tables);
}

/** One figure an area; the area's number stands for a seed. */
function samplesOf(
  cells: readonly HeadingCell[],
  areas: readonly string[],
  heading: HeadingTold,
  fovDeg: number,
  { of }: Measure,
): Sample[] {
  return cells.flatMap((cell) => {
    const value = cell.heading === heading && cell.fovDeg === fovDeg ? of(cell) : undefined;
    return value === undefined ? [] : [{ seed: areas.indexOf(cell.area), value }];
  });
}
