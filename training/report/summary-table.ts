// The retrieval figures of a run or an evaluation as a Markdown table, for terminals.
import type { RetrievalResult } from './run-result.js';

/** A row an area and model: paired protocol, and grid where there is one. */
export function summaryTable(retrieval: readonly RetrievalResult[]): string {
  const f = (value: number | undefined): string => value?.toFixed(1) ?? '–';
  return [
    '| area | model | R@1 | R@5 | R@10 | R@1 % | grid: within 25 m | within 5 m | median error |',
    '|---|---|---|---|---|---|---|---|---|',
    ...retrieval.map(({ area, model, paired, grid }) => {
      const cells = [paired.at1, paired.at5, paired.at10, paired.at1Percent, grid?.within25M, grid?.within5M];
      const median = grid ? `${f(grid.medianErrorM)} m` : '–';
      return `| ${area} | ${model} | ${cells.map(f).join(' | ')} | ${median} |`;
    }),
  ].join('\n');
}
