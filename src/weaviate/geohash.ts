// Geohashes (Niemeyer 2008): cells of the map by name; a longer name is a cell within that of its beginning.
import type { Bounds, LonLat } from '../geometry/index.js';

const DIGITS = '0123456789bcdefghjkmnpqrstuvwxyz';
const BITS = 5;
/** 38 x 19 m at the equator. */
export const LONGEST = 8;

/** [columns, rows] of the whole map in cells of this length. */
function cellsOf(length: number): readonly [columns: number, rows: number] {
  const bits = BITS * length;
  return [2 ** Math.ceil(bits / 2), 2 ** Math.floor(bits / 2)];
}

/** The name of the cell around a place. */
export function geohash({ lon, lat }: LonLat, length: number): string {
  const [columns, rows] = cellsOf(length);
  let column = Math.min(columns - 1, Math.max(0, Math.floor(((lon + 180) / 360) * columns)));
  let row = Math.min(rows - 1, Math.max(0, Math.floor(((lat + 90) / 180) * rows)));
  // From the last digit: bits of longitude and latitude in turn, the first one of longitude.
  let name = '';
  let fromColumn = (BITS * length) % 2 === 1;
  for (let digit = 0; digit < length; digit++) {
    let value = 0;
    for (let bit = 0; bit < BITS; bit++) {
      if (fromColumn) {
        value += (column & 1) << bit;
        column = Math.floor(column / 2);
      } else {
        value += (row & 1) << bit;
        row = Math.floor(row / 2);
      }
      fromColumn = !fromColumn;
    }
    name = `${DIGITS[value]}${name}`;
  }
  return name;
}

/** The ground of a cell: west, south, east, north. */
export function boundsOfGeohash(name: string): Bounds {
  let [west, south, width, height] = [-180, -90, 360, 180];
  let ofLon = true;
  for (const digit of name) {
    const value = DIGITS.indexOf(digit);
    for (let bit = BITS - 1; bit >= 0; bit--) {
      const upper = (value >> bit) & 1;
      if (ofLon) {
        width /= 2;
        west += upper * width;
      } else {
        height /= 2;
        south += upper * height;
      }
      ofLon = !ofLon;
    }
  }
  return [west, south, west + width, south + height];
}
