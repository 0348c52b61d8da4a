// The area an index covers, as GeoJSON (RFC 7946): Polygon, MultiPolygon, or features and collections of them.
import { readFile } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { type Bounds, boundsOf, type LonLat, wrapLonDeg } from '../src/geometry/index.js';

export type Ring = readonly (readonly [lon: number, lat: number])[];

export interface Area {
  readonly bounds: Bounds;
  /** Of each polygon its rings, [lon, lat], the outer one first. */
  readonly polygons: readonly (readonly Ring[])[];
  /** What was left out, as sentences. */
  readonly warnings: readonly string[];
  /** True inside a polygon and outside of its holes. */
  contains(point: LonLat): boolean;
}

/** Reads an area. Throws PARAMETER_INVALID naming the file and what is wrong. */
export async function readArea(path: string): Promise<Area> {
  const json = await readJson(path);
  checkCrs(json, path);
  const leftOut: string[] = [];
  const polygons = polygonsOf(json, path, leftOut);
  if (polygons.length === 0) {
    throw invalid(path, leftOut.length > 0 ? `a ${leftOut[0]} is no polygon` : 'it holds no polygon');
  }
  checkDegrees(polygons, path);
  const points = polygons.flatMap((rings) =>
    rings.flatMap((ring) => ring.map(([lon, lat]) => ({ lon, lat }))),
  );
  const bounds = boundsOf(points);
  if (!bounds) throw invalid(path, 'it holds no polygon');
  // Even-odd rule over all rings of a polygon: a point in a hole crosses two borders.
  const unrolledPolygons = polygons.map((rings) => rings.map(unrolled));
  const contains = (point: LonLat) =>
    unrolledPolygons.some((rings) => rings.filter((ring) => insideRing(point, ring)).length % 2 === 1);
  const names = [...new Set(leftOut)].join(', ');
  const warnings =
    leftOut.length === 0
      ? []
      : [`${leftOut.length} parts of ${path} are no polygons (${names}) and were left out.`];
  return { bounds, polygons, warnings, contains };
}

const invalid = (path: string, what: string) =>
  new SkyfixError('PARAMETER_INVALID', `The area ${path} cannot be used: ${what}.`);

/** UTF-8, or UTF-16 with its mark, as Windows tools write it; a mark is no part of the text. */
async function readJson(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw invalid(path, messageOf(error));
  });
  const [first, second] = bytes;
  const marked =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  const text = new TextDecoder(marked).decode(bytes);
  if (/^\s*</.test(text) || text.startsWith('PK')) {
    throw invalid(path, 'it is no GeoJSON (KML?); "ogr2ogr -t_srs EPSG:4326 area.geojson FILE" makes one');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON (${messageOf(error)})`);
  }
}

/** GeoJSON is in degrees on WGS 84; the member "crs" of 2008 may say otherwise, and is believed. */
function checkCrs(json: unknown, path: string): void {
  const crs = (json as { crs?: { properties?: { name?: unknown } } } | null)?.crs;
  const name = crs?.properties?.name;
  if (name === undefined || /CRS84$|EPSG:+4326$/i.test(String(name))) return;
  throw invalid(
    path,
    `its coordinates are in ${String(name)}; "ogr2ogr -t_srs EPSG:4326 area.geojson FILE" turns them to degrees`,
  );
}

function checkDegrees(polygons: readonly Ring[][], path: string): void {
  for (const [lon, lat] of polygons.flat(2)) {
    if (Math.abs(lat) <= 90 && Math.abs(lon) <= 360) continue;
    const swapped =
      Math.abs(lon) <= 90 && Math.abs(lat) <= 360 ? '; are latitude and longitude swapped?' : '';
    throw invalid(path, `${lon}, ${lat} is no longitude and latitude in degrees${swapped}`);
  }
}

function polygonsOf(json: unknown, path: string, leftOut: string[]): Ring[][] {
  const object = json as { type?: unknown; [key: string]: unknown } | null;
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  switch (object?.type) {
    case 'FeatureCollection':
      return list(object.features).flatMap((feature) => polygonsOf(feature, path, leftOut));
    case 'Feature':
      // RFC 7946, 3.2: a feature without a place has the geometry null.
      return object.geometry === null ? [] : polygonsOf(object.geometry, path, leftOut);
    case 'GeometryCollection':
      return list(object.geometries).flatMap((geometry) => polygonsOf(geometry, path, leftOut));
    case 'Polygon':
      return list(object.coordinates).length === 0 ? [] : [ringsOf(object.coordinates, path)];
    case 'MultiPolygon':
      return list(object.coordinates).map((polygon) => ringsOf(polygon, path));
    case 'Point':
    case 'MultiPoint':
    case 'LineString':
    case 'MultiLineString':
      leftOut.push(String(object.type));
      return [];
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

/** Longitudes that go on over 180 degrees, each the short way from the one before, and the middle between the outermost. */
function unrolled(ring: Ring): UnrolledRing {
  const points: [number, number][] = [];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [lon, lat] of ring) {
    const before = points.at(-1)?.[0];
    const here = before === undefined ? lon : before + wrapLonDeg(lon - before);
    points.push([here, lat]);
    least = Math.min(least, here);
    most = Math.max(most, here);
  }
  return { points, middle: (least + most) / 2 };
}

interface UnrolledRing {
  readonly points: Ring;
  readonly middle: number;
}

function insideRing(point: LonLat, { points, middle }: UnrolledRing): boolean {
  const lon = point.lon + 360 * Math.round((middle - point.lon) / 360);
  let inside = false;
  let [before] = points.slice(-1);
  for (const here of points) {
    if (!before) continue;
    const [y1, y2] = [before[1], here[1]];
    if (y1 > point.lat !== y2 > point.lat) {
      const [x1, x2] = [before[0] - lon, here[0] - lon];
      if (x1 + ((point.lat - y1) / (y2 - y1)) * (x2 - x1) > 0) inside = !inside;
    }
    before = here;
  }
  return inside;
}
