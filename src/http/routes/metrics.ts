// GET /metrics: the Prometheus exposition.
import type { FastifyInstance } from 'fastify';
import type { HttpServices } from '../services/services.js';

export function metricsRoute(app: FastifyInstance, { metrics }: HttpServices): void {
  app.get('/metrics', { config: { scope: 'metrics' } }, async (_request, reply) => {
    const { text, mediaType } = await metrics.render();
    return reply.type(mediaType).send(text);
  });
}
