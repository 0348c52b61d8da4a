// POST /admin/regions/{region}/reload: swaps a published version in; the old one serves until the new one is open.
import type { FastifyInstance } from 'fastify';
import { noteOutcome } from '../services/outcome.js';
import type { HttpServices } from '../services/services.js';

export function reloadRoute(app: FastifyInstance, { regions, metrics }: HttpServices): void {
  app.post<{ Params: { region: string } }>(
    '/admin/regions/:region/reload',
    { config: { scope: 'admin' } },
    async (request) => {
      const { region } = request.params;
      noteOutcome(request, { region });
      try {
        const summary = await regions.reload(region);
        metrics.reloaded(region, 'ok');
        noteOutcome(request, { indexVersion: summary.indexVersion });
        request.log.info({ region, indexVersion: summary.indexVersion }, 'region reloaded');
        return summary;
      } catch (error) {
        if (regions.summaries().some((served) => served.region === region))
          metrics.reloaded(region, 'refused');
        throw error;
      }
    },
  );
}
