// The application: one fastify instance from its parts, the same for the server, the tests and the load test.
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import {
  answerClientError,
  answerError,
  createMetrics,
  type HttpConfig,
  type Locate,
  MAX_PARAM_LENGTH,
  type Regions,
  registerHttp,
  WorkQueue,
} from './http/index.js';
import { locate } from './locate/index.js';

export interface AppParts {
  readonly config: HttpConfig & { readonly logLevel: string };
  readonly regions: Regions;
  /** Default: the real one. */
  readonly locate?: Locate;
}

/** A request id of the client's is kept when it is short and plain. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Builds the application without listening. `app.close()` lets requests in flight finish. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { config, regions } = parts;
  const queue = new WorkQueue(config.concurrency, config.queueSize);
  let stopping = false;
  const metrics = createMetrics({
    queue,
    ready: () => regions.ready && !stopping,
    regions: () => regions.summaries(),
    partLives: () => regions.partLives,
  });
  const app = Fastify({
    logger: config.logLevel === 'silent' ? false : { level: config.logLevel },
    // observeRequests writes one line a request.
    logController: new LogController({ disableRequestLogging: true }),
    // Requests that come while it stops are answered by registerHttp, as problem documents.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // The upload's own deadline comes first; this ends connections that never finish a request.
    requestTimeout: config.requestTimeoutMs + 5_000,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      answerError(error, request, reply, metrics.errorAnswered);
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, randomUUID()),
  });
  app.addHook('preClose', async () => {
    stopping = true;
  });
  await registerHttp(app, {
    config,
    regions,
    locate: parts.locate ?? locate,
    queue,
    metrics,
    stopping: () => stopping,
  });
  return app;
}
