// A server with a locate() in hand, and clients that speak HTTP by hand: slowly, partly, or not at all.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type AppParts, buildApp } from '../../src/app.js';
import type { Locate } from '../../src/http/index.js';
import { answerOf, FakeRegions, testConfig } from './fake-regions.js';

/** An app that listens on a free port; `locate` answers at once unless another is given. */
export async function startApp(
  env: Record<string, string>,
  locate: Locate = async () => answerOf('demo'),
  more: Partial<AppParts> = {},
) {
  const regions = new FakeRegions();
  const app = await buildApp({ config: testConfig(env), regions, locate, ...more });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, url, regions };
}

/** A connection that has sent `text`; what comes back is kept in `received`. */
export async function rawClient(url: string, text: string) {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    received: () => received,
    /** The whole answer, when the server has closed or `pattern` has come. */
    until: async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(received) && !socket.closed) {
        await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
      }
      return received;
    },
    closed: () => closed,
  };
}

/** The head of an upload of `bytes` bytes; "chunked" without a number. */
export function uploadHead(bytes: number | 'chunked', headers = ''): string {
  const length = bytes === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
  return `POST /locate HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n${length}\r\n${headers}\r\n`;
}

export const UPLOAD = { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'pixels' } as const;

/** The value of one line of /metrics. */
export async function metric(app: FastifyInstance, line: string): Promise<number | undefined> {
  const text = (await app.inject('/metrics')).body;
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

/** Waits for a value by asking again after each turn of the event loop. */
export async function untilMetric(app: FastifyInstance, line: string, value: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await metric(app, line)) !== value) {
    assert.ok(Date.now() < deadline, `${line} never became ${value}: ${await metric(app, line)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
