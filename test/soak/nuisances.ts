// Those who make a server's life hard, all at once and without an end: clients that send a byte now and then, clients that
// leave at any moment, and files that are broken on purpose.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/random/index.js';
import { Draw } from '../fuzz/files/draw.js';
import { fuzzedFile } from '../fuzz/files/mutate.js';
import { makeOriginals } from '../fuzz/files/originals.js';

export interface Nuisances {
  readonly counts: Readonly<Record<'slow' | 'cancelled' | 'hostile', number>>;
  /** Answers that a server must not give, as sentences. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

const SLOW_AT_ONCE = 4;
const BYTE_EVERY_MS = 250;
/** Between two files, and between two that leave: others work too. */
const HOSTILE_PAUSE_MS = 100;
const CANCEL_PAUSE_MS = 200;

export async function beNuisances(
  url: string,
  panoramas: readonly Buffer[],
  seed: number,
): Promise<Nuisances> {
  const originals = await makeOriginals();
  const counts = { slow: 0, cancelled: 0, hostile: 0 };
  const faults: string[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  const random = seededRandom(seed);
  const until = (ms: number) => pause(ms, undefined, { signal }).catch(() => {});
  const loop = async (once: () => Promise<void>, pauseMs: number) => {
    while (!signal.aborted) {
      await once();
      await until(pauseMs);
    }
  };

  const slow = () =>
    new Promise<void>((resolve) => {
      counts.slow++;
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      const head =
        'POST /locate HTTP/1.1\r\nHost: soak\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n';
      socket.write(head);
      const drip = setInterval(() => socket.write('x'), BYTE_EVERY_MS);
      const leave = () => socket.destroy();
      signal.addEventListener('abort', leave, { once: true });
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const status = /^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1] ?? 'no HTTP';
        if (!/^(408|429|503)$/.test(status)) faults.push(`a slow client was answered with ${status}`);
      });
      socket.once('close', () => {
        clearInterval(drip);
        signal.removeEventListener('abort', leave);
        resolve();
      });
    });

  const cancelled = async () => {
    counts.cancelled++;
    const gone = new AbortController();
    const timer = setTimeout(() => gone.abort(), random() * 150);
    const body = panoramas[Math.floor(random() * panoramas.length)] as Buffer;
    const headers = { 'content-type': 'image/png', connection: 'close' };
    await fetch(`${url}/locate`, { method: 'POST', headers, body: new Uint8Array(body), signal: gone.signal })
      .then((response) => response.body?.cancel())
      .catch(() => {});
    clearTimeout(timer);
  };

  const hostile = async () => {
    const number = counts.hostile++;
    const draw = new Draw(seededRandom(seed * 1_000_003 + number));
    const file = fuzzedFile(draw, originals, number);
    try {
      const headers = { 'content-type': 'image/png', connection: 'close' };
      const body = new Uint8Array(file.bytes);
      const response = await fetch(`${url}/locate`, { method: 'POST', headers, body });
      const text = await response.text();
      if (response.status >= 500 && response.status !== 503)
        faults.push(`file ${number} (${file.format} ${file.kind}) got ${response.status}: ${text}`);
    } catch (error) {
      faults.push(`file ${number} (${file.format} ${file.kind}) got no answer: ${error}`);
    }
  };

  const running = Promise.all([
    ...Array.from({ length: SLOW_AT_ONCE }, () => loop(slow, 100)),
    loop(cancelled, CANCEL_PAUSE_MS),
    loop(hostile, HOSTILE_PAUSE_MS),
  ]);
  return {
    counts,
    faults,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
