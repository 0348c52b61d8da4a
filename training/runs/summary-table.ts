// The retrieval figures of a run or an evaluation as a Markdown table, for terminals and its report.
import type { RetrievalResult } from './result.js';

const HEADER = [
  ...['area', 'model', 'R@1', 'R@5', 'R@10', 'R@1 %'],
  ...['first tile: within 25 m', 'within 5 m', 'median error'],
  ...['grid: within 25 m', 'within 5 m', 'median error'],
];

/** A row an area and model: paired protocol, and distances where there are any. */
export function summaryTable(retrieval: readonly RetrievalResult[]): string {
  const f = (value: number | undefined): string => value?.toFixed(1) ?? '–';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const distance = (figures: RetrievalResult['grid']): readonly string[] => [
    f(figures?.within25M),
    f(figures?.within5M),
    figures ? `${f(figures.medianErrorM)} m` : '–',
  ];
  return [
    line(HEADER),
    `|${'---|'.repeat(HEADER.length)}`,
    ...retrieval.map(({ area, model, paired, pairedDistance, grid }) => {
      const recall = [paired.at1, paired.at5, paired.at10, paired.at1Percent].map(f);
      return line([area, model, ...recall, ...distance(pairedDistance), ...distance(grid)]);
    }),
  ].join('\n');
}
