// POST /locate/sequence: panoramas of one way in, in order; the track out that explains all of them together. Their files are
// in memory until it is their turn, one is decoded at a time, and each waits in the line as any request does.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusal, SkyfixError } from '../../errors/index.js';
import { asksForHeading, type LocateAnswer, type StepOutcome } from '../../locate/index.js';
import type { RegionLease } from '../../regions/index.js';
import { type LocatedFrame, type TrackFeatures, trackFeatures } from '../../sequences/index.js';
import type { Trace } from '../../traces/index.js';
import { type Deadline, watchRequest } from '../requests/deadline.js';
import { GEOJSON_MEDIA_TYPE } from '../requests/geojson.js';
import { publicDetail } from '../requests/public-detail.js';
import { type FrameQuestion, parseSequence, type SequenceQuestion } from '../requests/sequence-parameters.js';
import { readSequenceUpload } from '../requests/sequence-upload.js';
import type { UploadedImage } from '../requests/upload.js';
import { senderOf } from '../services/address.js';
import type { PlaceInLine } from '../services/admission.js';
import { noteOutcome } from '../services/outcome.js';
import { receiveBody } from '../services/receive-body.js';
import { traceOf } from '../services/request-trace.js';
import type { HttpServices } from '../services/services.js';
import { addStep, isOfTheClient, ownFault } from '../services/steps-taken.js';
import type { OpenUpload } from '../services/upload-gate.js';
import { uploadKeyOf } from '../services/upload-key.js';
import { letGo, refuseAtDoor, regionAsked } from './door.js';

/** Where a request stands in the line, and what it holds in memory. */
type Places = readonly [PlaceInLine, OpenUpload];

interface SequenceAnswer extends TrackFeatures {
  readonly requestId: string;
  readonly region: string;
  readonly bundle?: string;
  readonly indexVersion?: string;
}

export function locateSequenceRoute(app: FastifyInstance, services: HttpServices): void {
  let underWay = 0;
  const { config, metrics } = services;
  const onRequest = refuseAtDoor(services, config.sequenceBytes);
  const options = { config: { scope: 'locate', limited: true }, onRequest } as const;
  app.post('/locate/sequence', options, async (request, reply) => {
    const deadline = watchRequest(request, reply);
    const { socket } = request.raw;
    try {
      checkRoom(underWay, config.sequences);
      const [turn, place] = open(request, services, deadline);
      metrics.sequencesUnderWay(++underWay);
      // Nothing is said or heard while frames are located: that is no idle connection. (What is injected has none.)
      socket.setTimeout?.(0);
      const work = answerTo(request, reply, services, deadline, [turn, place]).finally(() => {
        turn.end();
        place.close();
        metrics.sequencesUnderWay(--underWay);
      });
      const answer = await deadline.race(work);
      metrics.sequenceLocated(answer.features[0].properties.verdict);
      return reply.type(GEOJSON_MEDIA_TYPE).send(JSON.stringify(answer));
    } catch (error) {
      letGo(request, reply, services, config.sequenceBytes, error);
      throw error;
    } finally {
      socket.setTimeout?.(app.server.timeout);
      deadline.clear();
    }
  });
}

function checkRoom(underWay: number, most: number): void {
  if (underWay < most) return;
  throw refusal('QUEUE_FULL', `${underWay} sequences are being located; ${most} may be at once.`);
}

/** Whatever can be refused is refused before the body is read. */
function open(request: FastifyRequest, services: HttpServices, deadline: Deadline): Places {
  const { uploads, admission } = services;
  const turn = admission.open(regionAsked(request));
  return [turn, uploads.open(senderOf(request.ip), deadline.abort, uploadKeyOf(request, services))];
}

async function answerTo(
  request: FastifyRequest,
  reply: FastifyReply,
  services: HttpServices,
  deadline: Deadline,
  places: Places,
): Promise<SequenceAnswer> {
  const { config, regions } = services;
  const limits = {
    imageBytes: config.maxUploadBytes,
    bytes: Math.min(config.sequenceBytes, config.uploadMemoryBytes),
    images: config.sequenceFrames,
  };
  const { images, fields } = await receiveBody(request, reply, services, deadline.signal, places, (watched) =>
    readSequenceUpload(request, watched, limits),
  );
  const question = parseSequence(fields, images.length, config.maxPixels);
  // All frames are asked of one version.
  const lease = regions.acquire(question.region);
  try {
    noteOutcome(request, { region: lease.region.name, frames: images.length });
    const located = await locateFrames(images, question, services, deadline, places, lease, traceOf(request));
    const first = located.find(({ answer }) => answer)?.answer;
    return {
      ...trackFeatures(located),
      requestId: request.id,
      region: lease.region.name,
      ...(first && { bundle: first.bundle, indexVersion: first.indexVersion }),
    };
  } finally {
    lease.release();
  }
}

/** One after another; each is let go of once it is located. */
async function locateFrames(
  images: (UploadedImage | undefined)[],
  { frames }: SequenceQuestion,
  services: HttpServices,
  deadline: Deadline,
  [turn, place]: Places,
  lease: RegionLease,
  trace: Trace | undefined,
): Promise<readonly LocatedFrame[]> {
  const { config, metrics, stopping } = services;
  const located: LocatedFrame[] = [];
  for (const [k, frame] of frames.entries()) {
    if (stopping()) throw new SkyfixError('NOT_READY', 'The server is stopping.');
    const image = images[k] ?? { bytes: new Uint8Array() };
    images[k] = undefined;
    turn.uploaded(lease.region.name, asksForHeading(frame.options));
    deadline.start(config.requestTimeoutMs);
    const { distanceM, seconds, time } = frame;
    const common = { file: image.name, distanceM, seconds, time };
    try {
      const answer = await locateFrame(image.bytes, frame, services, deadline.signal, turn, lease, trace);
      metrics.located(answer);
      metrics.frameDone('ok');
      located.push({ ...common, answer });
    } catch (error) {
      // What is wrong with one panorama is its own row; all else ends the sequence.
      if (deadline.signal.aborted || !isOfTheClient(error)) throw error;
      metrics.frameDone('failed');
      located.push({ ...common, code: error.code, message: publicDetail(error) });
    }
    place.release(image.bytes.byteLength);
  }
  return located;
}

async function locateFrame(
  bytes: Uint8Array,
  { options }: FrameQuestion,
  { config, locate, queue, metrics }: HttpServices,
  signal: AbortSignal,
  turn: PlaceInLine,
  { region }: RegionLease,
  trace: Trace | undefined,
): Promise<LocateAnswer> {
  if (bytes.byteLength === 0) throw new SkyfixError('IMAGE_EMPTY', 'The image has 0 bytes.');
  const steps: StepOutcome[] = [];
  const onStep = (step: StepOutcome) => {
    addStep(steps, step);
    trace?.step(step.step, step.ms, step.ok);
  };
  const queuedAt = performance.now();
  const work = async () => {
    metrics.waited((performance.now() - queuedAt) / 1000);
    turn.begin();
    const answer = await locate(region, bytes, { ...options, thresholds: config, signal, onStep });
    turn.done(region.name, answer.heading.source === 'estimated');
    return answer;
  };
  try {
    return await queue.run(work, signal, true);
  } catch (error) {
    metrics.notLocated(steps);
    throw ownFault(error, steps.at(-1));
  }
}
