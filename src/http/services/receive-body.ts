// Taking a request's body in, while it is counted: its bytes, its place in the line, and how long its client is silent.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadOptions } from '../requests/upload.js';
import type { PlaceInLine } from './admission.js';
import { noteOutcome } from './outcome.js';
import { traceOf } from './request-trace.js';
import type { HttpServices } from './services.js';
import type { OpenUpload } from './upload-gate.js';

/** What `read` makes of the body; tells the client first to send it, where that is awaited. Throws what `read` throws. */
export async function receiveBody<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { waiting }: HttpServices,
  signal: AbortSignal,
  [turn, place]: readonly [PlaceInLine, OpenUpload],
  read: (watched: Pick<ReadOptions, 'signal' | 'received'>) => Promise<T>,
): Promise<T> {
  // Until its first byte a request may lose its connection to one that needs it.
  const silence = waiting(request.raw.socket);
  const startedAt = performance.now();
  let [bytes, whole] = [0, false];
  const received = (count: number) => {
    silence.end();
    bytes += count;
    turn.received();
    place.received(count);
  };
  try {
    if (/^100-continue$/i.test(request.headers.expect ?? '')) reply.raw.writeContinue();
    const upload = await read({ signal, received });
    whole = true;
    return upload;
  } finally {
    silence.end();
    place.complete();
    noteOutcome(request, { bytes });
    traceOf(request)?.step('upload', performance.now() - startedAt, whole);
  }
}
