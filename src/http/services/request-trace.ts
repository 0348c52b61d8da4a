// The trace of each request that has one: what operators' own probes and the page's files take is not of interest.
import type { FastifyRequest } from 'fastify';
import type { Trace, Traces } from '../../traces/index.js';

const kept = new WeakMap<FastifyRequest, Trace>();
const NOT_TRACED: readonly unknown[] = ['open', 'metrics'];

/** Begins it, from the request's first moment on. */
export function keepTrace(request: FastifyRequest, traces: Traces): void {
  const { url: route, config } = request.routeOptions;
  if (route === undefined || NOT_TRACED.includes(config.scope)) return;
  const { method, id: requestId, headers } = request;
  kept.set(request, traces.begin({ method, route, requestId, headers }));
}

export function traceOf(request: FastifyRequest): Trace | undefined {
  return kept.get(request);
}
