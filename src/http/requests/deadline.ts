// One signal a request: it fires when the time is up or when the client has gone.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';

export interface Deadline {
  /** Aborted with REQUEST_TIMEOUT or REQUEST_ABORTED as reason. */
  readonly signal: AbortSignal;
  /** The work's answer, or the signal's reason where that comes first; the work itself goes on to its end. */
  race<T>(work: Promise<T>): Promise<T>;
  clear(): void;
}

/** Starts the clock of one request. */
export function startDeadline(request: FastifyRequest, reply: FastifyReply, timeoutMs: number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => {
    controller.abort(new SkyfixError('REQUEST_TIMEOUT', `No answer within ${timeoutMs} ms.`));
  }, timeoutMs);
  const onClose = () => {
    if (reply.raw.writableFinished) return;
    const what = request.raw.complete ? 'before the answer' : 'halfway through the upload';
    controller.abort(new SkyfixError('REQUEST_ABORTED', `The client closed the connection ${what}.`));
  };
  reply.raw.once('close', onClose);
  return {
    signal,
    race: (work) => raceSignal(work, signal),
    clear: () => {
      clearTimeout(timer);
      reply.raw.removeListener('close', onClose);
    },
  };
}

function raceSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
