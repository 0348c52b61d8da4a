// Every request is counted, timed and logged once, however it ends.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from './metrics.js';
import { pathOf } from './problem.js';

/** Route label of what no route serves: the path itself could be anything. */
const UNMATCHED = 'unmatched';

export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    const done = () => {
      reply.raw.off('finish', done).off('close', done);
      record(request, reply, metrics, performance.now() - started);
    };
    // 'close' without 'finish' is a client that left.
    reply.raw.once('finish', done).once('close', done);
    reply.header('x-request-id', request.id);
  });
}

function record(request: FastifyRequest, reply: FastifyReply, metrics: Metrics, ms: number): void {
  const route = request.routeOptions.url ?? UNMATCHED;
  const status = reply.raw.writableFinished ? String(reply.raw.statusCode) : 'aborted';
  metrics.requestDone({ route, method: request.method, status, seconds: ms / 1000 });
  const line = { method: request.method, path: pathOf(request.url), status, ms: Math.round(ms * 10) / 10 };
  const level = route === '/locate' || status >= '400' ? 'info' : 'debug';
  request.log[level](line, 'request');
}
