// POST /locate: a panorama in, the places where it may have been taken out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LocateAnswer } from '../../locate/index.js';
import { type Deadline, startDeadline } from '../requests/deadline.js';
import { GEOJSON_MEDIA_TYPE, toGeoJson, wantsGeoJson } from '../requests/geojson.js';
import { parseLocateParameters, toLocateOptions } from '../requests/locate-parameters.js';
import { readUpload } from '../requests/upload.js';
import type { HttpServices } from '../services/services.js';

export function locateRoute(app: FastifyInstance, services: HttpServices): void {
  app.post('/locate', async (request, reply) => {
    const deadline = startDeadline(request, reply, services.config.requestTimeoutMs);
    try {
      const answer = { requestId: request.id, ...(await answerTo(request, services, deadline)) };
      services.metrics.located(answer);
      return send(reply, answer, wantsGeoJson(request));
    } finally {
      deadline.clear();
    }
  });
}

/** The place in the queue is taken before the upload is read, so that waiting uploads are bounded too. */
async function answerTo(
  request: FastifyRequest,
  { config, regions, locate, queue }: HttpServices,
  deadline: Deadline,
): Promise<LocateAnswer> {
  regions.checkReady();
  const ticket = queue.admit();
  const work = async () => {
    try {
      const { signal } = deadline;
      const { image, fields } = await readUpload(request, { maxBytes: config.maxUploadBytes, signal });
      const parameters = parseLocateParameters(fields);
      const options = toLocateOptions(parameters, config.maxPixels);
      const find = async () => {
        const lease = regions.acquire(parameters.region);
        try {
          return await locate(lease.region, image, options);
        } finally {
          lease.release();
        }
      };
      return await ticket.run(find, signal);
    } finally {
      ticket.release();
    }
  };
  // A late answer is not awaited, but its place stays taken until its work has really ended.
  return deadline.race(work());
}

function send(
  reply: FastifyReply,
  answer: LocateAnswer & { readonly requestId: string },
  geojson: boolean,
): FastifyReply {
  reply.header('vary', 'accept');
  if (!geojson) return reply.send(answer);
  return reply.type(GEOJSON_MEDIA_TYPE).send(JSON.stringify(toGeoJson(answer)));
}
