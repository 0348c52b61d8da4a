// An answer as GeoJSON (RFC 7946): one point a place, the rest as foreign members.
import type { FastifyRequest } from 'fastify';
import type { LocateAnswer } from '../../locate/index.js';

export const GEOJSON_MEDIA_TYPE = 'application/geo+json';

/** A FeatureCollection with the places as points, best first. */
export function toGeoJson(answer: LocateAnswer & { readonly requestId: string }) {
  const { results, ...rest } = answer;
  return {
    type: 'FeatureCollection' as const,
    features: results.map(({ lon, lat, ...properties }) => ({
      type: 'Feature' as const,
      geometry: { type: 'Point' as const, coordinates: [lon, lat] as const },
      properties,
    })),
    ...rest,
  };
}

/** True when GeoJSON is what the client wants most; who accepts anything, or neither, gets JSON. */
export function wantsGeoJson(request: FastifyRequest): boolean {
  return request.accepts().type(['application/json', GEOJSON_MEDIA_TYPE]) === GEOJSON_MEDIA_TYPE;
}
