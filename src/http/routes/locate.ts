// POST /locate: a panorama in, the places where it may have been taken out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  asksForHeading,
  type LocateAnswer,
  type LocateOptions,
  type StepOutcome,
} from '../../locate/index.js';
import { type Deadline, watchRequest } from '../requests/deadline.js';
import { GEOJSON_MEDIA_TYPE, toGeoJson, wantsGeoJson } from '../requests/geojson.js';
import { parseLocateParameters, toLocateOptions } from '../requests/locate-parameters.js';
import { readUpload, type Upload } from '../requests/upload.js';
import { senderOf } from '../services/address.js';
import type { PlaceInLine } from '../services/admission.js';
import { noteOutcome, type RequestOutcome } from '../services/outcome.js';
import { receiveBody } from '../services/receive-body.js';
import { traceOf } from '../services/request-trace.js';
import type { HttpServices } from '../services/services.js';
import { addStep, ownFault } from '../services/steps-taken.js';
import { uploadKeyOf } from '../services/upload-key.js';
import { letGo, refuseAtDoor, regionAsked } from './door.js';

export function locateRoute(app: FastifyInstance, services: HttpServices): void {
  const { maxUploadBytes } = services.config;
  const onRequest = refuseAtDoor(services, maxUploadBytes);
  app.post('/locate', { config: { scope: 'locate', limited: true }, onRequest }, async (request, reply) => {
    const deadline = watchRequest(request, reply);
    try {
      const answer = { requestId: request.id, ...(await answerTo(request, reply, services, deadline)) };
      services.metrics.located(answer);
      noteOutcome(request, factsOf(answer, services.config.logPositions === 'on'));
      return send(reply, answer, wantsGeoJson(request));
    } catch (error) {
      letGo(request, reply, services, maxUploadBytes, error);
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
  const { uploads, admission } = services;
  const turn = admission.open(regionAsked(request));
  const place = uploads.open(senderOf(request.ip), deadline.abort, uploadKeyOf(request, services));
  const work = async () => {
    try {
      const { maxUploadBytes: maxBytes } = services.config;
      const upload = await receiveBody(request, reply, services, deadline.signal, [turn, place], (watched) =>
        readUpload(request, { maxBytes, ...watched }),
      );
      const parameters = parseLocateParameters(upload.fields);
      const { signal } = deadline;
      const { config } = services;
      const options = { ...toLocateOptions(parameters, config.maxPixels), thresholds: config, signal };
      turn.uploaded(parameters.region, asksForHeading(options));
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
  const trace = traceOf(request);
  const onStep = (step: StepOutcome) => {
    addStep(steps, step);
    trace?.step(step.step, step.ms, step.ok);
  };
  try {
    return await queue.run(async () => {
      const waitMs = Math.round(performance.now() - queuedAt);
      metrics.waited(waitMs / 1000);
      trace?.step('queue', waitMs, true);
      turn.begin();
      const lease = regions.acquire(region);
      noteOutcome(request, { waitMs, region: lease.region.name });
      try {
        const answer = await locate(lease.region, image, { ...options, onStep });
        turn.done(lease.region.name, answer.heading.source === 'estimated');
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
