// A thread that asks /healthz all the time, so that what the fuzzer itself computes is not in the figures.
import { parentPort, workerData } from 'node:worker_threads';

export interface HealthFigures {
  readonly asked: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

const BETWEEN_MS = 20;
const TIMEOUT_MS = 10_000;

const times: number[] = [];
let [failed, going] = [0, true];

async function ask(): Promise<void> {
  const started = performance.now();
  try {
    const answer = await fetch(String(workerData), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.text();
    if (answer.status !== 200) failed++;
  } catch {
    failed++;
  }
  times.push(performance.now() - started);
}

function figures(): HealthFigures {
  // The first one opens the connection and loads fetch.
  const sorted = times.slice(1).sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { asked: sorted.length, failed, median: at(0.5), p99: at(0.99), longest: at(1) };
}

parentPort?.once('message', () => {
  going = false;
});
while (going) {
  await ask();
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
}
parentPort?.postMessage(figures());
