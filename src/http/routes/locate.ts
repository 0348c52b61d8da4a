// POST /locate: a panorama in, the places where it may have been taken out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, SkyfixError } from '../../errors/index.js';
import type { LocateAnswer, LocateOptions, StepOutcome } from '../../locate/index.js';
import { drainRest } from '../requests/body.js';
import { type Deadline, watchRequest } from '../requests/deadline.js';
import { GEOJSON_MEDIA_TYPE, toGeoJson, wantsGeoJson } from '../requests/geojson.js';
import { parseLocateParameters, toLocateOptions } from '../requests/locate-parameters.js';
import { readUpload, type Upload } from '../requests/upload.js';
import { senderOf } from '../services/address.js';
import type { PlaceInLine } from '../services/admission.js';
import { noteOutcome, type RequestOutcome } from '../services/outcome.js';
import type { HttpServices } from '../services/services.js';
import type { OpenUpload, UploadKey } from '../services/upload-gate.js';

export function locateRoute(app: FastifyInstance, services: HttpServices): void {
  app.post('/locate', { config: { scope: 'locate', limited: true } }, async (request, reply) => {
    const deadline = watchRequest(request, reply);
    try {
      const answer = { requestId: request.id, ...(await answerTo(request, reply, services, deadline)) };
      services.metrics.located(answer);
      noteOutcome(request, factsOf(answer, services.config.logPositions === 'on'));
      return send(reply, answer, wantsGeoJson(request));
    } catch (error) {
      if (error instanceof SkyfixError && error.code === 'QUEUE_FULL') {
        reply.header('retry-after', String(services.admission.retryAfterSeconds));
      }
      // Refused at the door or on the way: what still comes is not kept.
      drainRest(request, { ...services.uploads.limits, maxBytes: services.config.maxUploadBytes });
      throw error;
    } finally {
      deadline.clear();
    }
  });
}

/** Whatever can be refused is refused before the body is read: the answer does not change by reading it. */
async function answerTo(
  request: FastifyRequest,
  reply: FastifyReply,
  services: HttpServices,
  deadline: Deadline,
): Promise<LocateAnswer> {
  const { regions, queue, uploads, admission } = services;
  const { region } = request.query as { readonly region?: unknown };
  const asked = typeof region === 'string' ? region : undefined;
  regions.checkReady();
  queue.checkRoom();
  const turn = admission.open(asked);
  const place = uploads.open(senderOf(request.ip), deadline.abort, keyOf(request, services));
  const work = async () => {
    try {
      const upload = await receive(request, reply, services, deadline, [turn, place]);
      const parameters = parseLocateParameters(upload.fields);
      turn.uploaded(parameters.region);
      const { signal } = deadline;
      const { config } = services;
      const options = { ...toLocateOptions(parameters, config.maxPixels), thresholds: config, signal };
      deadline.start(services.config.requestTimeoutMs);
      return await workOn(request, services, upload, parameters.region, options, turn);
    } finally {
      turn.end();
      place.close();
    }
  };
  // A late answer is not awaited, but its place stays taken until its work has really ended.
  return deadline.race(work());
}

/** What the log line says of an answer. */
function factsOf(answer: LocateAnswer, withPosition: boolean): RequestOutcome {
  const { region, indexVersion, bundle, verdict, timingsMs: steps, results } = answer;
  const facts = { region, indexVersion, bundle, verdict, steps };
  const [best] = results;
  return withPosition && best ? { ...facts, position: { lon: best.lon, lat: best.lat } } : facts;
}

/** Whose uploads are counted instead of the address's. */
function keyOf(request: FastifyRequest, { access, config }: HttpServices): UploadKey | undefined {
  const caller = access.identify(request);
  return caller && { name: caller.name, uploads: caller.uploads ?? config.uploadsPerKey };
}

async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  { config, waiting }: HttpServices,
  { signal }: Deadline,
  [turn, place]: readonly [PlaceInLine, OpenUpload],
): Promise<Upload> {
  // Until its first byte a request may lose its connection to one that needs it.
  const silence = waiting(request.raw.socket);
  let bytes = 0;
  const received = (count: number) => {
    silence.end();
    bytes += count;
    turn.received();
    place.received(count);
  };
  try {
    if (/^100-continue$/i.test(request.headers.expect ?? '')) reply.raw.writeContinue();
    return await readUpload(request, { maxBytes: config.maxUploadBytes, signal, received });
  } finally {
    silence.end();
    place.complete();
    noteOutcome(request, { bytes });
  }
}

async function workOn(
  request: FastifyRequest,
  { regions, locate, queue, metrics }: HttpServices,
  { image }: Upload,
  region: string | undefined,
  options: LocateOptions & { readonly signal: AbortSignal },
  turn: PlaceInLine,
): Promise<LocateAnswer> {
  const queuedAt = performance.now();
  const steps: StepOutcome[] = [];
  const onStep = (step: StepOutcome) => addStep(steps, step);
  try {
    return await queue.run(async () => {
      const waitMs = Math.round(performance.now() - queuedAt);
      metrics.waited(waitMs / 1000);
      turn.begin();
      const lease = regions.acquire(region);
      noteOutcome(request, { waitMs, region: lease.region.name });
      try {
        const answer = await locate(lease.region, image, { ...options, onStep });
        turn.done(lease.region.name);
        return answer;
      } finally {
        lease.release();
      }
    }, options.signal);
  } catch (error) {
    metrics.notLocated(steps);
    noteOutcome(request, { steps: Object.fromEntries(steps.map(({ step, ms }) => [step, Math.round(ms)])) });
    throw ownFault(error, steps.at(-1));
  }
}

/** A step that comes again, for another heading, is one with those before it: their time together, in the last place. */
function addStep(steps: StepOutcome[], { step, ms, ok }: StepOutcome): void {
  const before = steps.findIndex((earlier) => earlier.step === step);
  const [earlier] = before < 0 ? [] : steps.splice(before, 1);
  steps.push({ step, ms: ms + (earlier?.ms ?? 0), ok });
}

/** Once the image has become a BEV, a client can do nothing wrong: what fails then is the server's. */
function ownFault(error: unknown, last: StepOutcome | undefined): unknown {
  const ofTheClient = error instanceof SkyfixError && ERROR_CODES[error.code].status < 500;
  if (!ofTheClient || !last || last.ok || OF_THE_UPLOAD.includes(last.step)) return error;
  return new SkyfixError('INTERNAL', `The step "${last.step}" failed: ${error.detail}`, { cause: error });
}

/** Steps that meet what the client sent: its file, its parameters. */
const OF_THE_UPLOAD: readonly string[] = ['decode', 'bev'];

function send(
  reply: FastifyReply,
  answer: LocateAnswer & { readonly requestId: string },
  geojson: boolean,
): FastifyReply {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'Accept' : `${vary}, Accept`);
  if (!geojson) return reply.send(answer);
  return reply.type(GEOJSON_MEDIA_TYPE).send(JSON.stringify(toGeoJson(answer)));
}
