// POST /locate by clients that do as they are told: each sends its next panorama as soon as it has an answer; who is refused
// comes again when Retry-After says so.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocateAnswer } from '../src/locate/index.js';
import type { Load, LoadResult } from './drive.js';

interface Reply {
  readonly status: number;
  readonly retryAfterS: number;
  readonly text: string;
}

export async function drivePatient({ url, panoramas, connections, seconds }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  const timings: LocateAnswer['timingsMs'][] = [];
  let [refused, failures, sent] = [0, 0, 0];
  const started = performance.now();
  const endMs = started + seconds * 1000;
  const client = async () => {
    while (performance.now() < endMs) {
      const at = performance.now();
      const body = panoramas[sent++ % panoramas.length] as Buffer;
      const reply = await post(agent, `${url}/locate`, body).catch(() => undefined);
      if (reply?.status === 200) {
        latenciesMs.push(performance.now() - at);
        timings.push((JSON.parse(reply.text) as LocateAnswer).timingsMs);
      } else if (reply && (reply.status === 503 || reply.status === 429) && reply.retryAfterS > 0) {
        refused++;
        const leftMs = endMs - performance.now();
        const waitMs = reply.retryAfterS * 1000;
        await delay(Math.max(0, Math.min(waitMs, leftMs)));
        if (waitMs >= leftMs) return; // timers may end a moment early: it must not come again in that moment
      } else failures++;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  const elapsedS = (performance.now() - started) / 1000;
  const throughput = latenciesMs.length / elapsedS;
  return { connections, latenciesMs, throughput, refused, failures, timings };
}

function post(agent: Agent, url: string, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': body.byteLength };
    const sending = request(url, { agent, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers: answer } = response;
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status, retryAfterS: Number(answer['retry-after'] ?? 0), text });
      });
    });
    sending.setTimeout(TIMEOUT_MS, () => sending.destroy(new Error('no answer')));
    sending.once('error', reject);
    sending.end(body);
  });
}

/** An answer that takes longer is a failure. */
const TIMEOUT_MS = 30_000;
