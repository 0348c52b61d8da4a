// Pictures whose colours say where on the ground they are, and how far a tile cut from them is off.
import type { LonLat, RgbImage } from '../../src/geometry/index.js';

const WAVELENGTH_M = 8;
const AMPLITUDE = 100;
const WAVE = (2 * Math.PI) / WAVELENGTH_M;
const radians = (deg: number) => (deg * Math.PI) / 180;

/** Earth-centred coordinates on the WGS 84 ellipsoid. */
function ecef({ lon, lat }: LonLat): readonly [number, number, number] {
  const e2 = 0.00669437999014;
  const n = 6378137 / Math.sqrt(1 - e2 * Math.sin(radians(lat)) ** 2);
  return [
    n * Math.cos(radians(lat)) * Math.cos(radians(lon)),
    n * Math.cos(radians(lat)) * Math.sin(radians(lon)),
    n * (1 - e2) * Math.sin(radians(lat)),
  ];
}

/** Metres east and north in the tangent plane at `centre`: not the formula that tiles are cut with. */
export function eastNorth(centre: LonLat, point: LonLat): readonly [number, number] {
  const [x0, y0, z0] = ecef(centre);
  const [x1, y1, z1] = ecef(point);
  const [x, y, z] = [x1 - x0, y1 - y0, z1 - z0];
  const [lon, lat] = [radians(centre.lon), radians(centre.lat)];
  return [
    -Math.sin(lon) * x + Math.cos(lon) * y,
    -Math.sin(lat) * Math.cos(lon) * x - Math.sin(lat) * Math.sin(lon) * y + Math.cos(lat) * z,
  ];
}

const colourAt = (metres: number) => 128 + AMPLITUDE * Math.sin(WAVE * metres);

/** A picture in which red waves with the metres east of `centre` and green with those north of it. */
export function paint(
  widthPx: number,
  heightPx: number,
  centre: LonLat,
  placeOf: (x: number, y: number) => LonLat,
): RgbImage {
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0, k = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, k += 3) {
      const [east, north] = eastNorth(centre, placeOf(x + 0.5, y + 0.5));
      data[k] = Math.round(colourAt(east));
      data[k + 1] = Math.round(colourAt(north));
      data[k + 2] = 128;
    }
  }
  return { widthPx, heightPx, data };
}

/** The largest displacement, in tile pixels, among 4 x 4 parts of a tile cut around the picture's centre. */
export function largestErrorPx(tile: RgbImage, sizeM: number): number {
  const { widthPx: size, data } = tile;
  const stepM = sizeM / size;
  const part = size / 4;
  let largest = 0;
  for (let p = 0; p < 16; p++) {
    // Least squares: the shift along the gradient that explains the difference best.
    const shift = [0, 1].map((channel) => {
      let product = 0;
      let square = 0;
      for (let i = 0; i < part; i++) {
        for (let j = 0; j < part; j++) {
          const row = Math.floor(p / 4) * part + i;
          const column = (p % 4) * part + j;
          const metres = channel === 0 ? (column + 0.5) * stepM - sizeM / 2 : sizeM / 2 - (row + 0.5) * stepM;
          const slope = AMPLITUDE * WAVE * stepM * Math.cos(WAVE * metres);
          product += slope * ((data[(row * size + column) * 3 + channel] as number) - colourAt(metres));
          square += slope * slope;
        }
      }
      return product / square;
    });
    largest = Math.max(largest, Math.hypot(...shift));
  }
  return largest;
}
