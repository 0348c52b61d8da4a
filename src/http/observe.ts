// Every request is counted, timed and logged once, however it ends.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Traces } from '../traces/index.js';
import { pathOf } from './problem.js';
import type { Metrics } from './services/metrics.js';
import { outcomeOf } from './services/outcome.js';
import { keepTrace, traceOf } from './services/request-trace.js';

/** Route label of what no route serves: the path itself could be anything. */
const UNMATCHED = 'unmatched';

export function observeRequests(app: FastifyInstance, metrics: Metrics, traces: Traces): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    keepTrace(request, traces);
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
  const { code, key, region, indexVersion, bundle, verdict, bytes } = outcome;
  const trace = traceOf(request);
  // Never the position: traces go elsewhere than logs.
  trace?.end({ status, code, facts: { key, region, index_version: indexVersion, bundle, verdict, bytes } });
  if (key !== undefined) metrics.keyUsed(key, status);
  const line = {
    method: request.method,
    path: pathOf(request.url),
    status,
    ms: Math.round(ms * 10) / 10,
    ...outcome,
    ...(trace?.id !== undefined && { trace: trace.id }),
  };
  const level = route.startsWith('/locate') || status >= '400' ? 'info' : 'debug';
  request.log[level](line, 'request');
}
