// Where the town lies: a corner of UTM zone 32 N, 1.3 degrees east of its central meridian, so that grid north
// and true north differ by about a degree.
import proj4 from 'proj4';

export const TOWN_EPSG = 32632;
const UTM = '+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs';
/** UTM coordinates of the town's south-west corner. */
export const ORIGIN = { east: 596_000, north: 5_340_000 } as const;

const transform = proj4(UTM, 'WGS84');

/** WGS 84 of a point given in town metres. */
export function toLonLat(x: number, y: number): { readonly lon: number; readonly lat: number } {
  const [lon, lat] = transform.forward([ORIGIN.east + x, ORIGIN.north + y]) as [number, number];
  return { lon, lat };
}

/** Town metres of a WGS 84 position. */
export function fromLonLat(lon: number, lat: number): { readonly x: number; readonly y: number } {
  const [east, north] = transform.inverse([lon, lat]) as [number, number];
  return { x: east - ORIGIN.east, y: north - ORIGIN.north };
}

/** Degrees to add to a grid bearing to get the true bearing at a point. */
export function convergenceDeg(x: number, y: number): number {
  const { lon, lat } = toLonLat(x, y);
  const north = fromLonLat(lon, lat + 0.0005);
  return -(Math.atan2(north.x - x, north.y - y) * 180) / Math.PI;
}
