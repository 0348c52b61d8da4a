// Throughput by cores: the server held to 1, 2, ... processors, each time asked by as many clients as are answered the most.
import type { Load, LoadResult } from './drive.js';
import { markdownTable } from './overload.js';
import { percentile } from './percentiles.js';
import type { ServerProcess } from './server-process.js';
import { chartSvg } from './svg.js';

/** Clients for each core that are tried. */
const CLIENTS_A_CORE = [1, 2, 4];
/** Before what is counted: the first requests of a server are slower. */
const WARM_UP = { connections: 2, seconds: 1 };

export interface ByCores {
  /** All that may be used, the first first. */
  readonly processors: readonly number[];
  readonly counts: readonly number[];
  readonly panoramas: readonly Buffer[];
  /** Of each run. */
  readonly seconds: number;
  /** Starts a server that is held to these processors. */
  readonly start: (processors: readonly number[]) => Promise<Pick<ServerProcess, 'url' | 'pid' | 'stop'>>;
  readonly drive: (load: Load) => Promise<LoadResult>;
  /** Processor time of a process so far, milliseconds. */
  readonly processorMsOf: (pid: number) => number;
}

export interface CoresResult {
  readonly cores: number;
  /** The run with the highest throughput. */
  readonly best: LoadResult;
  /** Processor time of the server an answer of that run, milliseconds. */
  readonly processorMs: number;
  /** Failures of all runs. */
  readonly failures: number;
}

/** One server after another; each is stopped whatever happens. Throws what `start` and `drive` throw. */
export async function measureByCores(asked: ByCores): Promise<CoresResult[]> {
  const { processors, counts, panoramas, seconds, start, drive, processorMsOf } = asked;
  const results: CoresResult[] = [];
  for (const cores of counts) {
    const { url, pid, stop } = await start(processors.slice(0, cores));
    try {
      await drive({ url, panoramas, ...WARM_UP });
      const runs: Omit<CoresResult, 'cores' | 'failures'>[] = [];
      for (const each of CLIENTS_A_CORE) {
        const before = processorMsOf(pid);
        const best = await drive({ url, panoramas, connections: each * cores, seconds });
        const processorMs = (processorMsOf(pid) - before) / best.latenciesMs.length;
        runs.push({ best, processorMs });
      }
      const most = runs.reduce((a, b) => (b.best.throughput > a.best.throughput ? b : a));
      const failures = runs.reduce((sum, { best }) => sum + best.failures, 0);
      results.push({ cores, ...most, failures });
    } finally {
      await stop();
    }
  }
  return results;
}

/** A row for each count of cores, the first of them the measure of the others. */
export function coresTable(results: readonly CoresResult[]): string {
  const [first] = results;
  const unit = first?.cores === 1 ? '1 core' : `${first?.cores ?? 0} cores`;
  const rows = results.map(({ cores, best, processorMs, failures }) => [
    String(cores),
    String(best.connections),
    best.throughput.toFixed(1),
    rounded(best.throughput / (first?.best.throughput ?? Number.NaN), 2),
    ...[50, 95].map((p) => rounded(percentile(best.latenciesMs, p))),
    rounded(processorMs),
    String(best.refused),
    String(failures),
  ]);
  const head = [
    'cores',
    'clients',
    'answered/s',
    `× ${unit}`,
    'p50',
    'p95',
    'processor',
    'refused',
    'failed',
  ];
  return markdownTable(head, rows);
}

/** How the table is to be read, where `all` cores may be used. */
export function coresLegend(all: number): string {
  return (
    'Milliseconds; processor: of all threads of the server, an answer. The server is held to so many cores and has as many ' +
    `threads for its networks; of ${CLIENTS_A_CORE.join(', ')} clients a core, which come again when \`Retry-After\` says ` +
    'so, the row is of those that were answered the most. Clients compute on the cores that are left, and share them ' +
    `where the server has all ${all}.`
  );
}

/** Answers a second over cores, beside what they would be in proportion to the first. */
export function coresSvg(results: readonly CoresResult[]): string {
  const [first] = results;
  const each = first ? first.best.throughput / first.cores : Number.NaN;
  return chartSvg({
    title: 'Answered a second',
    xName: 'cores',
    yName: 'requests/s',
    x: results.map(({ cores }) => cores),
    curves: [
      { name: 'answered', colour: '#1f6fb4', values: results.map(({ best }) => best.throughput) },
      { name: 'in proportion', colour: '#999', values: results.map(({ cores }) => each * cores) },
    ],
  });
}

const rounded = (value: number, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
