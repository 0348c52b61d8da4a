// HTTP: the routes, what they accept, how errors read, what is measured. Knows status codes; nothing below does.
import accepts from '@fastify/accepts';
import multipart from '@fastify/multipart';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, SkyfixError } from '../errors/index.js';
import { admitRequests } from './admit.js';
import { allowOrigins } from './cors.js';
import { observeRequests } from './observe.js';
import { asSkyfixError, saysLater, sendProblem } from './problem.js';
import { isServerFault } from './requests/public-detail.js';
import { registerRoutes } from './routes/index.js';
import { noteOutcome } from './services/outcome.js';
import type { HttpServices } from './services/services.js';
import { answerUnmatched } from './unmatched.js';

export { auditLine } from './audit.js';
export { answerOnSocket, parserProblem } from './client-error.js';
export { asSkyfixError, PROBLEM_MEDIA_TYPE, type Problem, problemOf, sendProblem } from './problem.js';
export { toGeoJson } from './requests/geojson.js';
export { parseLocateParameters, toLocateOptions } from './requests/locate-parameters.js';
export { LOCATE_PROPERTIES } from './requests/locate-schema.js';
export { withoutPaths } from './requests/public-detail.js';
export { OPENAPI_FILE } from './routes/openapi.js';
export { Access, type Caller, type RouteScope } from './services/access.js';
export { addressMatcher, senderOf } from './services/address.js';
export { Admission } from './services/admission.js';
export { ConnectionGuard } from './services/connection-guard.js';
export { createMetrics, type Metrics } from './services/metrics.js';
export { readPageFiles } from './services/page-files.js';
export { RefusalPace } from './services/refusal-pace.js';
export { ServiceTimes } from './services/service-times.js';
export type { HttpConfig, HttpServices, Locate, Regions } from './services/services.js';
export { UploadGate } from './services/upload-gate.js';
export { WorkQueue } from './services/work-queue.js';
export { MAX_PARAM_LENGTH } from './unmatched.js';

/** Answers while the server stops: these tell the operator what is going on. */
const OPEN_WHILE_STOPPING: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Adds everything of this room to a fastify instance. */
export async function registerHttp(app: FastifyInstance, services: HttpServices): Promise<void> {
  const { metrics } = services;
  observeRequests(app, metrics, services.traces);
  await allowOrigins(app, services.config.corsOrigins);
  app.addHook('onRequest', async (request, reply) => {
    if (!services.stopping()) return;
    reply.header('connection', 'close');
    if (OPEN_WHILE_STOPPING.includes(request.routeOptions.url ?? '')) return;
    throw new SkyfixError('NOT_READY', 'The server is stopping.');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (services.stopping()) reply.header('connection', 'close');
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const tell = () => void answerError(error, request, reply, metrics.errorAnswered);
    if (isPaced(error, request) && !services.stopping()) services.refusals.inTurn(tell);
    else tell();
  });
  answerUnmatched(app);
  await admitRequests(app, services);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^image\//i, (_request, payload, done) => done(null, payload));
  await app.register(accepts);
  await app.register(multipart);
  registerRoutes(app, services);
}

/** Refusals of those who want work, and come too many or too often. */
function isPaced(error: unknown, { routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.limited === true && saysLater(ERROR_CODES[asSkyfixError(error).code].status);
}

/** Of too many who ask: the line of each request has the code, and what it says is in the metrics. */
const OF_LOAD: readonly string[] = ['QUEUE_FULL', 'UPLOADS_FULL'];

/** The one place where an error of a request becomes an answer and a log line. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  count: (code: string) => void,
): FastifyReply {
  const known = asSkyfixError(error);
  count(known.code);
  noteOutcome(request, { code: known.code });
  const { status } = ERROR_CODES[known.code];
  // The log has what the client is not told. A client's own fault is in the request's line; its detail may say where.
  if (isServerFault(status)) request.log.error({ err: error, code: known.code }, 'internal error');
  else if (status >= 500 && !OF_LOAD.includes(known.code))
    request.log.info({ code: known.code, detail: known.detail }, 'refused');
  // What is left of an upload that nobody told to begin never comes.
  if (request.headers.expect !== undefined && !request.raw.complete) reply.header('connection', 'close');
  return sendProblem(reply, known);
}
