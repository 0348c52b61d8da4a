// Sends broken files to a running server and keeps count of what it answers.
import { seededRandom } from '../../../src/random/index.js';
import { Draw } from './draw.js';
import type { HealthFigures } from './health-probe.js';
import { type FuzzedFile, fuzzedFile } from './mutate.js';
import { makeOriginals } from './originals.js';
import { ServerProcess } from './server-process.js';

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  readonly heapMb: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzReport {
  readonly sent: number;
  /** Answers of each format and kind by status and code. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** What must not be: a server error, or none at all. With the file's number, so that the seed gives it again. */
  readonly failures: readonly {
    readonly number: number;
    readonly file: FuzzedFile;
    readonly answer: string;
  }[];
  readonly ended: string | undefined;
  readonly health: HealthFigures;
  /** Resident memory of the server along the way, MB. */
  readonly residentMb: readonly number[];
}

/** Requests at once. */
const AT_ONCE = 4;
const REQUEST_TIMEOUT_MS = 60_000;
const MEMORY_SAMPLES = 40;

/** File `number` of a seed; each has a generator of its own, so that one of them can be made again alone. */
export const drawOf = (seed: number, number: number) => new Draw(seededRandom(seed * 1_000_003 + number));

export async function fuzzFiles({ count, seed, heapMb, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const originals = await makeOriginals();
  const server = await ServerProcess.start(heapMb);
  const answers = new Map<string, Map<string, number>>();
  const failures: FuzzReport['failures'][number][] = [];
  const residentMb: number[] = [];
  const every = Math.max(1, Math.floor(count / MEMORY_SAMPLES));
  let next = 0;
  let sent = 0;
  const worker = async () => {
    while (next < count && server.ended === undefined) {
      const number = next++;
      const draw = drawOf(seed, number);
      const file = fuzzedFile(draw, originals, number);
      const answer = await send(`${server.url}/locate${queryOf(draw)}`, file.bytes);
      sent++;
      const key = `${file.format} ${file.kind}`;
      const counts = answers.get(key) ?? new Map<string, number>();
      answers.set(key, counts.set(answer, (counts.get(answer) ?? 0) + 1));
      if (!/^[24]/.test(answer)) failures.push({ number, file, answer });
      if (number % every === 0) {
        residentMb.push(server.residentMb());
        onProgress?.(number);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const ended = server.ended;
  return { sent, answers, failures, ended, health: await server.stop(), residentMb };
}

function queryOf(draw: Draw): string {
  if (draw.chance(0.5)) return '';
  return `?verticalFovDeg=${draw.of([1, 60, 90, 180])}&headingDeg=${draw.of([0, 360, -274.3])}`;
}

/** "200", "422 IMAGE_UNDECODABLE", or why there is no answer. */
async function send(url: string, bytes: Uint8Array): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: new Uint8Array(bytes),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = (await response.json()) as { code?: string };
    return answer.code ? `${response.status} ${answer.code}` : String(response.status);
  } catch (error) {
    return `no answer (${error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)})`;
  }
}
