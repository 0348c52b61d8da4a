// Markdown pieces of a report.
import type { Sample, Spread } from './statistics.js';
import { spreadOf } from './statistics.js';

/** What stands where a run has no such figure. */
export const NONE = '–';

/** A table; numbers' columns are set to the right by `right` (column numbers). */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(header), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

export function fixed(value: number | undefined, digits = 1): string {
  return value === undefined || Number.isNaN(value) ? NONE : value.toFixed(digits);
}

/** "77.0 ± 1.2"; "77.0" alone for one value. */
export function spreadText({ mean, deviation }: Spread, digits = 1): string {
  return deviation === undefined
    ? fixed(mean, digits)
    : `${fixed(mean, digits)} ± ${fixed(deviation, digits)}`;
}

/** Mean ± sample deviation, or a dash where there is no value. */
export function samplesText(samples: readonly Sample[], digits = 1): string {
  return samples.length === 0 ? NONE : spreadText(spreadOf(samples), digits);
}

/** "Missing: a; b." or nothing. */
export function missingText(missing: readonly string[]): string {
  return missing.length === 0 ? '' : `Missing in these runs: ${[...new Set(missing)].join('; ')}.`;
}

/** Paragraphs that are not empty, parted by blank lines. */
export function paragraphs(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
