// The whole request: this server and the peer on the same panoramas, one request at a time, taking turns.
import { readFileSync } from 'node:fs';
import { markdownTable, median, percentile } from '../loadtest/index.js';

export interface Contestant {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
}

interface Times {
  readonly ms: number[];
  /** Processor time a request, milliseconds; NaN where the system does not tell. */
  readonly processorMs: number;
}

/** Milliseconds of each contestant's requests, after three that are not counted. Throws where one is not answered. */
export async function requestTimes(
  contestants: readonly Contestant[],
  panoramas: readonly Buffer[],
  rounds: number,
): Promise<readonly Times[]> {
  const times: number[][] = contestants.map(() => []);
  let before: number[] = [];
  for (let round = -3; round < rounds; round++) {
    if (round === 0) before = contestants.map(({ pid }) => processorMsOf(pid));
    const body = panoramas[(round + 3) % panoramas.length] as Buffer;
    for (const [k, { name, url }] of contestants.entries()) {
      const started = performance.now();
      const answer = await fetch(`${url}/locate`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg' },
        body: new Uint8Array(body),
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${name} answered with status ${answer.status}.`);
      if (round >= 0) times[k]?.push(performance.now() - started);
    }
  }
  return contestants.map(({ pid }, k) => ({
    ms: times[k] ?? [],
    processorMs: (processorMsOf(pid) - (before[k] ?? 0)) / rounds,
  }));
}

/** A table of them; how many times as long as the first each takes. */
export function requestTable(contestants: readonly Contestant[], times: readonly Times[]): string {
  const first = median(times[0]?.ms ?? []);
  const rows = contestants.map(({ name }, k) => {
    const { ms = [], processorMs = Number.NaN } = times[k] ?? {};
    const values = [median(ms), percentile(ms, 95), Math.min(...ms), processorMs];
    return [name, ...values.map((value) => value.toFixed(1)), (median(ms) / first).toFixed(2)];
  });
  return markdownTable(['', 'median', 'p95', 'best', 'processor', 'times as long'], rows);
}

/** One tick of /proc's clock, which Linux fixes for user programs (USER_HZ). */
const TICK_MS = 10;

/** Processor time of a process so far, all its threads (proc_pid_stat(5), utime and stime); NaN elsewhere than on Linux. */
export function processorMsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}
