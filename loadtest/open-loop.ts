// POST /locate at a constant rate of arrivals, whatever the answers do: what many clients who know nothing of each other do.
// Latency counts from when a request was due, not from when a connection was free for it, so that a server that stalls is
// charged for all who would have come meanwhile (coordinated omission).
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface OpenLoad {
  readonly url: string;
  /** JPEG files, sent in turn as raw bodies. */
  readonly panoramas: readonly Buffer[];
  /** Arrivals a second, evenly spaced. */
  readonly rate: number;
  readonly seconds: number;
  /** At most so many at once; who finds none free waits, and the wait counts. */
  readonly connections: number;
}

export interface OpenResult {
  readonly rate: number;
  readonly sent: number;
  /** Milliseconds from due to answered: those with status 200. */
  readonly answeredMs: readonly number[];
  /** The same of those that were refused: status 503 or 429. */
  readonly refusedMs: readonly number[];
  /** Refusals without Retry-After, other statuses, broken connections, by what they were. */
  readonly failures: ReadonlyMap<string, number>;
  /** Answers with status 200 a second. */
  readonly goodput: number;
}

/** An answer that takes longer is a failure. */
const TIMEOUT_MS = 30_000;

export async function driveOpen({
  url,
  panoramas,
  rate,
  seconds,
  connections,
}: OpenLoad): Promise<OpenResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answeredMs: number[] = [];
  const refusedMs: number[] = [];
  const failures = new Map<string, number>();
  const count = Math.max(1, Math.round(rate * seconds));
  const started = performance.now();
  let lastMs = started;
  const one = async (k: number) => {
    const dueMs = started + (k * 1000) / rate;
    await until(dueMs);
    const body = panoramas[k % panoramas.length] as Buffer;
    const outcome = await ask(agent, url, body);
    lastMs = performance.now();
    if (outcome === 'answered') answeredMs.push(lastMs - dueMs);
    else if (outcome === 'refused') refusedMs.push(lastMs - dueMs);
    else failures.set(outcome, (failures.get(outcome) ?? 0) + 1);
  };
  await Promise.all(Array.from({ length: count }, (_, k) => one(k)));
  agent.destroy();
  // What was still on its way at the end belongs to the time that it took.
  const elapsedS = Math.max(seconds, (lastMs - started) / 1000);
  return { rate, sent: count, answeredMs, refusedMs, failures, goodput: answeredMs.length / elapsedS };
}

/** "answered", "refused", or what went wrong. */
function ask(agent: Agent, url: string, body: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': body.byteLength };
    const sending = request(`${url}/locate`, { agent, method: 'POST', headers }, (response) => {
      response.resume();
      response.once('error', (error) => resolve(error.message));
      response.once('end', () => {
        const { statusCode = 0, headers: answer } = response;
        if (statusCode === 200) resolve('answered');
        else if ((statusCode === 503 || statusCode === 429) && answer['retry-after']) resolve('refused');
        else resolve(`status ${statusCode}`);
      });
    });
    sending.setTimeout(TIMEOUT_MS, () => sending.destroy(new Error('no answer')));
    sending.once('error', (error) => resolve(error.message));
    sending.end(body);
  });
}

function until(dueMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
}
