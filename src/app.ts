// The application: one fastify instance from its parts, the same for the server, the tests and the load test.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { CanaryReport } from './canaries/index.js';
import type { SkyfixError } from './errors/index.js';
import {
  Access,
  Admission,
  addressMatcher,
  answerError,
  answerOnSocket,
  ConnectionGuard,
  createMetrics,
  type HttpConfig,
  type Locate,
  MAX_PARAM_LENGTH,
  type Metrics,
  parserProblem,
  RefusalPace,
  type Regions,
  registerHttp,
  ServiceTimes,
  UploadGate,
  WorkQueue,
} from './http/index.js';
import type { KeyRing } from './keys/index.js';
import { locate } from './locate/index.js';
import { NO_TRACES, type Traces } from './traces/index.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Decorated by buildApp. */
    metrics: Metrics;
    /** True while no request is being worked on and none waits. */
    idle(): boolean;
  }
}

export interface AppParts {
  readonly config: HttpConfig & { readonly logLevel: string };
  readonly regions: Regions;
  /** Default: the real one. */
  readonly locate?: Locate;
  /** Where the built page lies. Default: beside the compiled code. */
  readonly pageFolder?: string;
  /** Default: only the admin routes ask for a key. */
  readonly keys?: KeyRing | undefined;
  /** Default: none. */
  readonly traces?: Traces | undefined;
  /** What the last round of canaries told. */
  readonly canaries?: () => CanaryReport | undefined;
  /** What warming each region took, milliseconds; regions may come and go. Default: nobody knows. */
  readonly warmedMs?: ReadonlyMap<string, number>;
  /** Takes the log, a JSON line at a time. Default: standard output. */
  readonly logTo?: { write(line: string): void };
}

/** A request id of the client's is kept when it is short and plain. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** A header takes one round trip; this is long. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often node looks for headers and bodies that are late. */
const CHECK_INTERVAL_MS = 1_000;

/** Builds the application without listening. `app.close()` lets requests in flight finish. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { config, regions } = parts;
  const queue = new WorkQueue(config.concurrency, config.queueSize);
  const admission = new Admission(config, { times: new ServiceTimes(parts.warmedMs) });
  const uploads = new UploadGate({
    uploads: config.uploads,
    perAddress: config.uploadsPerAddress,
    memoryBytes: config.uploadMemoryBytes,
    minBytesPerSecond: config.uploadMinBytesPerSecond,
    graceMs: config.uploadGraceMs,
    timeoutMs: config.uploadTimeoutMs,
  });
  const refusals = new RefusalPace(config.refusalsPerSecond);
  const access = new Access({
    ring: parts.keys,
    adminKeys: config.apiKeys,
    loopbackOpen: config.keysLoopback === 'open',
  });
  let stopping = false;
  const refuseSocket = (error: SkyfixError, socket: Socket) => {
    const requestId = randomUUID();
    metrics.errorAnswered(error.code);
    app.log.info({ reqId: requestId, code: error.code, detail: error.detail }, 'connection refused');
    answerOnSocket(error, socket, requestId);
  };
  const guard = new ConnectionGuard(
    {
      total: config.connections,
      perAddress: config.connectionsPerAddress,
      exempt: addressMatcher(config.trustedProxies),
    },
    refuseSocket,
  );
  const metrics = createMetrics({
    queue,
    admission,
    uploads,
    refusals,
    connections: () => guard.open,
    ready: () => regions.ready && !stopping,
    regions: () => regions.summaries(),
    partLives: () => regions.partLives,
    keys: () => parts.keys?.size,
    ...(parts.canaries && { canaries: parts.canaries }),
  });
  const longestMs = config.uploadTimeoutMs + config.requestTimeoutMs;
  const app = Fastify({
    logger:
      config.logLevel === 'silent'
        ? false
        : { level: config.logLevel, ...(parts.logTo ? { stream: parts.logTo } : {}) },
    // observeRequests writes one line a request.
    logController: new LogController({ disableRequestLogging: true }),
    // Requests that come while it stops are answered by registerHttp, as problem documents.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS },
    // The upload's own limits come first; these end connections that never finish a request or never take an answer.
    requestTimeout: config.uploadTimeoutMs + HEADERS_TIMEOUT_MS,
    connectionTimeout: longestMs + HEADERS_TIMEOUT_MS,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      answerError(error, request, reply, metrics.errorAnswered);
    },
    clientErrorHandler: (error, socket) => {
      const problem = parserProblem(error);
      if (problem) refuseSocket(problem, socket);
      else socket.destroy();
    },
  });
  app.decorate('metrics', metrics);
  app.decorate('idle', () => queue.running === 0 && queue.depth === 0);
  guard.attach(app.server);
  // "100 Continue" is said where the upload is read, not before it is known whether it will be.
  app.server.on('checkContinue', (request, response) => app.routing(request, response));
  app.addHook('preClose', async () => {
    stopping = true;
  });
  await registerHttp(app, {
    config,
    regions,
    locate: parts.locate ?? locate,
    access,
    admission,
    uploads,
    queue,
    refusals,
    metrics,
    traces: parts.traces ?? NO_TRACES,
    waiting: (socket) => guard.waiting(socket),
    stopping: () => stopping,
    pageFolder: parts.pageFolder,
  });
  return app;
}
