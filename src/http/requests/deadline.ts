// One signal a request: it fires when the time is up, when its upload has to stop, or when the client has gone.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';

export interface Deadline {
  /** Aborted with REQUEST_TIMEOUT, REQUEST_ABORTED or what abort() was given as reason. */
  readonly signal: AbortSignal;
  abort(reason: SkyfixError): void;
  /** Starts the clock, or starts it anew: from now on there are `timeoutMs`. */
  start(timeoutMs: number): void;
  /** The work's answer, or the signal's reason where that comes first; the work itself goes on to its end. */
  race<T>(work: Promise<T>): Promise<T>;
  clear(): void;
}

/** Watches one request's client; the clock starts later. */
export function watchRequest(request: FastifyRequest, reply: FastifyReply): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: NodeJS.Timeout | undefined;
  const onClose = () => {
    if (reply.raw.writableFinished) return;
    const what = request.raw.complete ? 'before the answer' : 'halfway through the upload';
    controller.abort(new SkyfixError('REQUEST_ABORTED', `The client closed the connection ${what}.`));
  };
  reply.raw.once('close', onClose);
  return {
    signal,
    abort: (reason) => controller.abort(reason),
    start: (timeoutMs) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        controller.abort(new SkyfixError('REQUEST_TIMEOUT', `No answer within ${timeoutMs} ms.`));
      }, timeoutMs);
    },
    race: (work) => raceSignal(work, signal),
    clear: () => {
      clearTimeout(timer);
      reply.raw.removeListener('close', onClose);
    },
  };
}

/** What was awaited, or the signal's reason where that comes first. */
export function raceSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work
      .then(resolve, (error: unknown) => reject(signal.aborted ? signal.reason : error))
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
