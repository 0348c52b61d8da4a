// What the figures of a load test say: tables, charts, and whether promises are kept.
import type { LoadResult } from './drive.js';
import type { OpenResult } from './open-loop.js';
import { percentile } from './percentiles.js';
import { chartSvg } from './svg.js';

/** SPEC: one query takes 0.18 s. */
export const BUDGET_MS = 180;
/** Of the peak goodput, what has to be left under the heaviest load. */
const LEAST_SHARE = 0.9;

/** Highest goodput of all runs, answers a second. */
export function peakOf(closed: readonly LoadResult[], open: readonly OpenResult[]): number {
  return Math.max(...closed.map(({ throughput }) => throughput), ...open.map(({ goodput }) => goodput), 0);
}

/** A table of runs at constant rates; `peak` as peakOf. */
export function openTable(results: readonly OpenResult[], capacity: number, peak: number): string {
  const head = [
    'arrivals/s',
    '× capacity',
    'answered/s',
    'of the peak',
    'p50',
    'p95',
    'p99',
    'refused',
    'p95 of refusals',
    'failed',
  ];
  const rows = results.map(({ rate, sent, answeredMs, refusedMs, failures, goodput }) => [
    rate.toFixed(1),
    (rate / capacity).toFixed(2),
    goodput.toFixed(1),
    `${((100 * goodput) / peak).toFixed(0)} %`,
    ...[50, 95, 99].map((p) => ms(percentile(answeredMs, p))),
    `${((100 * refusedMs.length) / sent).toFixed(0)} %`,
    ms(percentile(refusedMs, 95)),
    String([...failures.values()].reduce((a, b) => a + b, 0)),
  ]);
  return markdownTable(head, rows);
}

/** A GitHub table: columns that begin with a number to the right, others to the left. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, k) => (/^[\d.–]+( %)?$/.test(rows[0]?.[k] ?? '') ? '---:' : '---'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Sentences that say what was kept and what was not; `kept` is false where one was not. */
export function overloadVerdict(
  results: readonly OpenResult[],
  capacity: number,
  peak: number,
): { readonly kept: boolean; readonly text: string } {
  const heaviest = results.reduce<OpenResult | undefined>(
    (a, b) => (a && a.rate >= b.rate ? a : b),
    undefined,
  );
  if (!heaviest) return { kept: true, text: 'No run at a constant rate.' };
  const share = heaviest.goodput / peak;
  const failed = results.flatMap(({ failures }) =>
    [...failures].map(([what, count]) => `${count} × ${what}`),
  );
  const p95 = percentile(heaviest.answeredMs, 95);
  const text = [
    `At ${(heaviest.rate / capacity).toFixed(1)} × capacity ${(100 * share).toFixed(0)} % of the peak goodput is left ` +
      `(promised: ${100 * LEAST_SHARE} %); what is admitted is answered in ${ms(percentile(heaviest.answeredMs, 50))} ms ` +
      `(median), ${ms(p95)} ms (p95), ${(p95 / BUDGET_MS).toFixed(1)} times the budget of ${BUDGET_MS} ms.`,
    failed.length === 0
      ? 'Nothing failed but by refusal with Retry-After.'
      : `Failures: ${failed.join(', ')}.`,
  ].join(' ');
  return { kept: share >= LEAST_SHARE && failed.length === 0, text };
}

/** Goodput and latency over the rate of arrivals, side by side. */
export function overloadSvg(results: readonly OpenResult[], capacity: number): string {
  const x = results.map(({ rate }) => rate / capacity);
  const goodput = chartSvg({
    title: 'Answered a second',
    xName: 'arrivals, times the capacity',
    yName: 'requests/s',
    x,
    curves: [{ name: 'answered', colour: '#1f6fb4', values: results.map((result) => result.goodput) }],
    mark: { at: capacity, name: 'capacity' },
  });
  const of = (p: number) => results.map(({ answeredMs }) => percentile(answeredMs, p));
  const latency = chartSvg({
    title: 'Time to the answer, of what is admitted',
    xName: 'arrivals, times the capacity',
    yName: 'ms, from when it was due',
    x,
    curves: [
      { name: 'p50', colour: '#2b8a3e', values: of(50) },
      { name: 'p95', colour: '#c2410c', values: of(95) },
    ],
    mark: { at: BUDGET_MS, name: 'budget' },
  });
  const moved = latency.replace('<svg ', '<svg x="460" ');
  const title = '<title>More requests than can be answered</title>';
  const size = 'width="920" height="300" viewBox="0 0 920 300"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${title}\n${goodput}${moved}</svg>\n`;
}

const ms = (value: number) => (Number.isFinite(value) ? value.toFixed(0) : '–');
