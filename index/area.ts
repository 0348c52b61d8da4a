// The area an index covers, as GeoJSON (RFC 7946): Polygon, MultiPolygon, or features and collections of them.
import { readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { type Bounds, boundsOf, type LonLat, wrapLonDeg } from '../src/geometry/index.js';

type Ring = readonly (readonly [lon: number, lat: number])[];

export interface Area {
  readonly bounds: Bounds;
  /** True inside a polygon and outside of its holes. */
  contains(point: LonLat): boolean;
}

/** Reads an area. Throws PARAMETER_INVALID naming the file and what is wrong. */
export async function readArea(path: string): Promise<Area> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
  const polygons = polygonsOf(json, path);
  const points = polygons.flatMap((rings) =>
    rings.flatMap((ring) => ring.map(([lon, lat]) => ({ lon, lat }))),
  );
  const bounds = boundsOf(points);
  if (!bounds) throw invalid(path, 'it holds no polygon');
  // Even-odd rule over all rings of a polygon: a point in a hole crosses two borders.
  const contains = (point: LonLat) =>
    polygons.some((rings) => rings.filter((ring) => insideRing(point, ring)).length % 2 === 1);
  return { bounds, contains };
}

const invalid = (path: string, what: string) =>
  new SkyfixError('PARAMETER_INVALID', `The area ${path} cannot be used: ${what}.`);

function polygonsOf(json: unknown, path: string): Ring[][] {
  const object = json as { type?: unknown; [key: string]: unknown } | null;
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  switch (object?.type) {
    case 'FeatureCollection':
      return list(object.features).flatMap((feature) => polygonsOf(feature, path));
    case 'Feature':
      return polygonsOf(object.geometry, path);
    case 'GeometryCollection':
      return list(object.geometries).flatMap((geometry) => polygonsOf(geometry, path));
    case 'Polygon':
      return [ringsOf(object.coordinates, path)];
    case 'MultiPolygon':
      return list(object.coordinates).map((polygon) => ringsOf(polygon, path));
    default:
      throw invalid(path, `a "${String(object?.type)}" is no polygon`);
  }
}

function ringsOf(value: unknown, path: string): Ring[] {
  const isPoint = (p: unknown) => Array.isArray(p) && Number.isFinite(p[0]) && Number.isFinite(p[1]);
  const isRing = (r: unknown) => Array.isArray(r) && r.length >= 4 && r.every(isPoint);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRing)) {
    throw invalid(path, 'a polygon needs rings of at least 4 points [lon, lat]');
  }
  return value as Ring[];
}

function insideRing(point: LonLat, ring: Ring): boolean {
  // Longitudes relative to the point: a ring across the antimeridian needs no case of its own.
  let inside = false;
  let [before] = ring.slice(-1);
  for (const here of ring) {
    if (!before) continue;
    const [y1, y2] = [before[1], here[1]];
    if (y1 > point.lat !== y2 > point.lat) {
      const x1 = wrapLonDeg(before[0] - point.lon);
      const x2 = x1 + wrapLonDeg(here[0] - before[0]);
      if (x1 + ((point.lat - y1) / (y2 - y1)) * (x2 - x1) > 0) inside = !inside;
    }
    before = here;
  }
  return inside;
}
