// GET /regions/{region}: one region as a GeoJSON feature, for maps: its outline, and what it serves.
import type { FastifyInstance } from 'fastify';
import { GEOJSON_MEDIA_TYPE } from '../requests/geojson.js';
import type { HttpServices } from '../services/services.js';

export function regionRoute(app: FastifyInstance, { regions }: HttpServices): void {
  app.get<{ Params: { region: string } }>(
    '/regions/:region',
    { config: { scope: 'read' } },
    async (request, reply) => {
      const { summary, outline } = regions.mapOf(request.params.region);
      const [west, south, east, north] = summary.bounds;
      const feature = {
        type: 'Feature',
        id: summary.region,
        bbox: [west, south, east, north],
        geometry: outline,
        properties: summary,
      };
      return reply.type(GEOJSON_MEDIA_TYPE).send(JSON.stringify(feature));
    },
  );
}
