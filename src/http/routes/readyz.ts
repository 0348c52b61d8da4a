// GET /readyz: a region answers and the server is not stopping, so it can be sent requests. Where one does not, the
// reasons say which part of which region is away.
import type { FastifyInstance } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import type { HttpServices } from '../services/services.js';

export function readyzRoute(app: FastifyInstance, { regions, stopping }: HttpServices): void {
  app.get('/readyz', { config: { scope: 'open' } }, async () => {
    if (stopping()) throw new SkyfixError('NOT_READY', 'The server is stopping.');
    regions.checkReady();
    const health = regions.health();
    const away = health.filter(({ ready }) => !ready);
    return {
      status: 'ready',
      regions: health.filter(({ ready }) => ready).map(({ region }) => region),
      recovering: away.map(({ region }) => region),
      reasons: away.map(({ region, reason }) => `${region}: ${reason}`),
    };
  });
}
