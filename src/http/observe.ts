// Every request is counted, timed and logged once, however it ends.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pathOf } from './problem.js';
import type { Metrics } from './services/metrics.js';
import { outcomeOf } from './services/outcome.js';

/** Route label of what no route serves: the path itself could be anything. */
const UNMATCHED = 'unmatched';

export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    const end = (answered: boolean) => () => {
      reply.raw.off('finish', onFinish).off('close', onClose);
      const status = answered ? String(reply.raw.statusCode) : 'aborted';
      record(request, status, metrics, performance.now() - started);
    };
    const onFinish = end(true);
    // 'close' without 'finish' is a client that left.
    const onClose = end(false);
    reply.raw.once('finish', onFinish).once('close', onClose);
    reply.header('x-request-id', request.id);
  });
}

function record(request: FastifyRequest, status: string, metrics: Metrics, ms: number): void {
  const route = request.routeOptions.url ?? UNMATCHED;
  metrics.requestDone({ route, method: request.method, status, seconds: ms / 1000 });
  const outcome = outcomeOf(request);
  if (outcome.key !== undefined) metrics.keyUsed(outcome.key, status);
  const line = {
    method: request.method,
    path: pathOf(request.url),
    status,
    ms: Math.round(ms * 10) / 10,
    ...outcome,
  };
  const level = route.startsWith('/locate') || status >= '400' ? 'info' : 'debug';
  request.log[level](line, 'request');
}
