// GET /healthz: the process lives.
import type { FastifyInstance } from 'fastify';

export function healthzRoute(app: FastifyInstance): void {
  app.get('/healthz', { config: { scope: 'open' } }, async () => ({ status: 'ok' }));
}
