// GET /healthz: the process lives.
import type { FastifyInstance } from 'fastify';

export function healthzRoute(app: FastifyInstance): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
}
