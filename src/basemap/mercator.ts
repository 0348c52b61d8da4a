// Web mercator (EPSG:3857) as maps use it: the world is a square of side 1, x from west to east, y from north to south.
import { type LonLat, wrapLonDeg } from '../geometry/index.js';

/** Side of a tile. */
export const TILE_PX = 256;

const EQUATOR_M = 2 * Math.PI * 6378137;
/** Where the square ends. */
const MOST_LAT_DEG = 85.0511287798066;

export interface MercatorPoint {
  /** 0 to 1. */
  readonly x: number;
  readonly y: number;
}

export interface TileAddress {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** Latitudes beyond the square come out at its edge. */
export function toMercator({ lon, lat }: LonLat): MercatorPoint {
  const y = mercatorY(Math.min(MOST_LAT_DEG, Math.max(-MOST_LAT_DEG, lat)));
  return { x: (wrapLonDeg(lon) + 180) / 360, y };
}

/** Of latitudes beyond the square it is not from 0 to 1. */
export function mercatorY(latDeg: number): number {
  return (1 - Math.asinh(Math.tan((latDeg * Math.PI) / 180)) / Math.PI) / 2;
}

/** x may lie beyond 0 to 1: the world goes on there. */
export function fromMercator({ x, y }: MercatorPoint): LonLat {
  return {
    lon: wrapLonDeg(x * 360 - 180),
    lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI,
  };
}

/** Metres on the ground that a pixel of a zoom level shows at a latitude. */
export function mercatorGsdM(zoom: number, latDeg: number): number {
  return tileSideM(zoom, latDeg) / TILE_PX;
}

/** Metres on the ground along a tile's side. */
export function tileSideM(zoom: number, latDeg: number): number {
  return (EQUATOR_M * Math.cos((latDeg * Math.PI) / 180)) / 2 ** zoom;
}

/** The tiles of a zoom level that a square of sizeM around a place lies on. */
export function tilesUnder(zoom: number, place: LonLat, sizeM: number): readonly TileAddress[] {
  const count = 2 ** zoom;
  const { x, y } = toMercator(place);
  const half = sizeM / 2 / tileSideM(zoom, place.lat);
  const [left, right] = [Math.floor(x * count - half), Math.floor(x * count + half)];
  const [top, bottom] = [Math.floor(y * count - half), Math.floor(y * count + half)];
  const tiles: TileAddress[] = [];
  for (let row = Math.max(0, top); row <= Math.min(count - 1, bottom); row++) {
    for (let column = left; column <= right; column++) {
      tiles.push({ z: zoom, x: ((column % count) + count) % count, y: row });
    }
  }
  return tiles;
}
