// Times of something that is done again and again: on the clock, and of the processor.
import { median, percentile } from '../loadtest/index.js';

export interface Timing {
  /** Milliseconds on the clock. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** What the machine does when nothing else runs on it. */
  readonly bestMs: number;
  /** Processor time of this process, all threads, milliseconds a time. */
  readonly processorMs: number;
}

/** Some runs that are not counted, then `rounds` that are. */
export async function measure(rounds: number, run: (round: number) => unknown): Promise<Timing> {
  for (let round = 0; round < Math.ceil(rounds / 4); round++) await run(round);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await run(round);
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  return {
    medianMs: median(times),
    p95Ms: percentile(times, 95),
    bestMs: Math.min(...times),
    processorMs: (user + system) / 1000 / rounds,
  };
}

/** Cells of a table. */
export function cellsOf({ medianMs, p95Ms, bestMs, processorMs }: Timing): string[] {
  return [medianMs, p95Ms, bestMs, processorMs].map((ms) => ms.toFixed(1));
}

export const TIMING_HEAD = ['median', 'p95', 'best', 'processor'] as const;
