// The door of the routes that take panoramas: whatever can be refused before the body is refused here, before anything is
// made ready for it. Most of what comes under overload gets no further.
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import { drainRest } from '../requests/body.js';
import type { HttpServices } from '../services/services.js';

/** The region that the URL asks for, where it names one. */
export function regionAsked(request: FastifyRequest): string | undefined {
  const { region } = request.query as { readonly region?: unknown };
  return typeof region === 'string' ? region : undefined;
}

/** A hook that refuses what would not be answered in time; `maxBytes` of its body are read and forgotten then. */
export function refuseAtDoor(services: HttpServices, maxBytes: number): onRequestHookHandler {
  const { regions, queue, admission } = services;
  return (request, reply, done) => {
    try {
      regions.checkReady();
      queue.checkRoom();
      admission.check(regionAsked(request));
    } catch (error) {
      letGo(request, reply, services, maxBytes, error);
      done(error as Error);
      return;
    }
    done();
  };
}

/** Before a request ends with `error`: when to come again is said, and what still comes of its body is not kept. */
export function letGo(
  request: FastifyRequest,
  reply: FastifyReply,
  { admission, uploads }: HttpServices,
  maxBytes: number,
  error: unknown,
): void {
  if (error instanceof SkyfixError && error.code === 'QUEUE_FULL') {
    reply.header('retry-after', String(admission.retryAfterSeconds));
  }
  drainRest(request, { ...uploads.limits, maxBytes });
}
