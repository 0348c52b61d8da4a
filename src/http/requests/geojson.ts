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

/** True when the client names GeoJSON in Accept, not less wanted than JSON (RFC 9110, section 12.5.1). */
export function wantsGeoJson(request: FastifyRequest): boolean {
  const accept = (request.headers.accept ?? '').toLowerCase();
  const geojson = weightOf(accept, GEOJSON_MEDIA_TYPE);
  return geojson > 0 && geojson >= weightOf(accept, 'application/json');
}

function weightOf(accept: string, mediaType: string): number {
  for (const entry of accept.split(',')) {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    if (type !== mediaType) continue;
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    return Number.isFinite(weight) ? weight : 1;
  }
  return 0;
}
