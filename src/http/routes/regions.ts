// GET /regions: what this server can locate in.
import type { FastifyInstance } from 'fastify';
import type { HttpServices } from '../services/services.js';

export function regionsRoute(app: FastifyInstance, { regions }: HttpServices): void {
  app.get('/regions', { config: { scope: 'read' } }, async () => ({ regions: regions.summaries() }));
}
