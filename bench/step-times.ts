// Where the time of a request goes, as the server itself says it of each answer.
import { markdownTable, median, percentile } from '../loadtest/index.js';
import { type LocateAnswer, STEPS } from '../src/locate/index.js';

/** A table of the steps, one request at a time. Throws where one is not answered. */
export async function stepTable(url: string, panoramas: readonly Buffer[], rounds: number): Promise<string> {
  const timings: LocateAnswer['timingsMs'][] = [];
  for (let round = 0; round < rounds; round++) {
    const answer = await fetch(`${url}/locate`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: new Uint8Array(panoramas[round % panoramas.length] as Buffer),
    });
    if (!answer.ok) throw new Error(`The server answered with status ${answer.status}.`);
    timings.push(((await answer.json()) as LocateAnswer).timingsMs);
  }
  const total = median(timings.map((timing) => timing.total));
  const rows = [...STEPS, 'total' as const].map((step) => {
    const ms = timings.map((timing) => timing[step]);
    const share = `${((100 * median(ms)) / total).toFixed(0)} %`;
    return [step, median(ms).toFixed(1), percentile(ms, 95).toFixed(1), Math.min(...ms).toFixed(1), share];
  });
  return markdownTable(['step', 'median', 'p95', 'best', 'share'], rows);
}
