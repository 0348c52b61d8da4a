// Drives POST /locate at a fixed number of connections and measures what comes back.
import autocannon from 'autocannon';
import type { LocateAnswer } from '../src/locate/index.js';

export interface Load {
  readonly url: string;
  /** JPEG files, sent in turn as raw bodies. */
  readonly panoramas: readonly Buffer[];
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly connections: number;
  /** Answers with status 200, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** Answers a second. */
  readonly throughput: number;
  /** Status 503 or 429: refused, to come again later. */
  readonly refused: number;
  /** Other statuses, broken connections and timeouts. */
  readonly failures: number;
  readonly timings: readonly LocateAnswer['timingsMs'][];
}

export async function drive({ url, panoramas, connections, seconds }: Load): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const timings: LocateAnswer['timingsMs'][] = [];
  let refused = 0;
  const requests = panoramas.map((body) => ({
    method: 'POST' as const,
    path: '/locate',
    headers: { 'content-type': 'image/jpeg' },
    body,
    onResponse: (status: number, text: string) => {
      if (status === 200) timings.push((JSON.parse(text) as LocateAnswer).timingsMs);
    },
  }));
  const started = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon({ url, connections, duration: seconds, timeout: 30, requests }, (error, done) => {
      if (error) reject(error);
      else resolve(done);
    });
    run.on('response', (_client, status, _bytes, milliseconds) => {
      if (status === 200) latenciesMs.push(milliseconds);
      else if (status === 503 || status === 429) refused++;
    });
  });
  const elapsedS = (performance.now() - started) / 1000;
  return {
    connections,
    latenciesMs,
    throughput: latenciesMs.length / elapsedS,
    refused,
    failures: result.non2xx - refused + result.errors + result.timeouts,
    timings,
  };
}
