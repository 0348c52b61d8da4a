// GET /readyz: the server holds a region and is not stopping, so it can be sent requests.
import type { FastifyInstance } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import type { HttpServices } from '../services/services.js';

export function readyzRoute(app: FastifyInstance, { regions, stopping }: HttpServices): void {
  app.get('/readyz', async () => {
    if (stopping()) throw new SkyfixError('NOT_READY', 'The server is stopping.');
    if (!regions.ready) throw new SkyfixError('NOT_READY', 'No region is loaded.');
    return { status: 'ready', regions: regions.describe().map(({ region }) => region) };
  });
}
