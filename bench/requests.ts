// The whole request: this server and the peer on the same panoramas, one request at a time, taking turns.
import { markdownTable, median, percentile, processorMsOf } from '../loadtest/index.js';

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
