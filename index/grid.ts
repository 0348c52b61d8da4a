// A grid of tile centres in true metres: rows strideM apart from south to north, in each row centres strideM apart.
import { SkyfixError } from '../src/errors/index.js';
import {
  type Bounds,
  insideBbox,
  type LonLat,
  localOffsetM,
  offsetLonLat,
  wrapLonDeg,
} from '../src/geometry/index.js';
import type { Area } from './area.js';
import { grownBounds } from './imagery/index.js';

const MOST_TILES = 20_000_000;

/** Where a lattice of tiles is counted from: tile r, c lies marginM + r * strideM north and as much by c east of it. */
export interface GridOrigin extends LonLat {
  readonly marginM: number;
}

export interface GridCentres {
  readonly count: number;
  readonly origin: GridOrigin;
  /** [count, 2] */
  readonly lonLats: Float64Array;
  place(number: number): LonLat;
  /** Row from the south, column from the west; negative beyond the origin. */
  cell(number: number): readonly [row: number, column: number];
  /** r00012c00034 */
  name(number: number): string;
}

/**
 * Centres of tiles of sizeM that lie within the bounds, or with an area those with their centre in it and in the bounds: a tile
 * whose centre has no imagery is none. They are on the lattice of `from`, else on one that begins at the south-west corner.
 * Throws PARAMETER_INVALID for more than 20 million.
 */
export function gridCentres(
  imagery: Bounds,
  sizeM: number,
  strideM: number,
  area?: Area,
  from?: GridOrigin,
): GridCentres {
  const [west, south, east, north] = area ? area.bounds : imagery;
  const marginM = area ? 0 : sizeM / 2;
  const origin = from ?? { lon: west, lat: south, marginM };
  const lonLats: number[] = [];
  const cells: number[] = [];
  const spanDeg = east >= west ? east - west : east - west + 360;
  const toM = (lat: number) => localOffsetM({ lon: west, lat: origin.lat }, { lon: west, lat }).northM;
  const rows = stepsBetween(
    toM(south) + marginM - origin.marginM,
    toM(north) - marginM - origin.marginM,
    strideM,
  );
  // The area may be a country and the imagery a village in it: only cells that can be tiles are looked at.
  const inImagery = area ? grownBounds(imagery, 1) : imagery;
  const firstRow = area ? Math.max(rows.first, Math.floor(toM(inImagery[1]) / strideM) - 1) : rows.first;
  const lastRow = area ? Math.min(rows.last, Math.ceil(toM(inImagery[3]) / strideM) + 1) : rows.last;
  const parts = area ? sharedLongitudes([west, spanDeg], inImagery) : [[0, spanDeg] as const];
  for (let row = firstRow; row <= lastRow; row++) {
    const { lat } = offsetLonLat({ lon: west, lat: origin.lat }, 0, origin.marginM + row * strideM);
    // By quarters: an offset is the short way round, and a row may be the long one.
    const widthM = 4 * localOffsetM({ lon: west, lat }, { lon: wrapLonDeg(west + spanDeg / 4), lat }).eastM;
    const startM = localOffsetM({ lon: origin.lon, lat }, { lon: west, lat }).eastM - origin.marginM;
    const columns = stepsBetween(startM + marginM, startM + widthM - marginM, strideM);
    const perDegree = spanDeg > 0 ? widthM / spanDeg : 0;
    let next = columns.first;
    for (const [begin, end] of parts) {
      const column = (deg: number) => (startM + deg * perDegree) / strideM;
      const first = area ? Math.max(next, Math.floor(column(begin)) - 1) : columns.first;
      const last = area ? Math.min(columns.last, Math.ceil(column(end)) + 1) : columns.last;
      if ((lastRow - firstRow + 1) * (last - first + 1) > MOST_TILES) {
        const size = `${rows.last - rows.first + 1} x ${columns.last - columns.first + 1}`;
        throw new SkyfixError(
          'PARAMETER_INVALID',
          `A stride of ${strideM} m makes ${size} tiles; give a larger --stride-m or an --area.`,
        );
      }
      next = Math.max(next, last + 1);
      for (let column = first; column <= last; column++) {
        const place = offsetLonLat({ lon: origin.lon, lat }, origin.marginM + column * strideM, 0);
        if (area && !(insideBbox(place, inImagery) && area.contains(place))) continue;
        lonLats.push(place.lon, place.lat);
        cells.push(row, column);
      }
    }
  }
  const places = Float64Array.from(lonLats);
  const at = (values: ArrayLike<number>, k: number) => values[k] ?? Number.NaN;
  return {
    count: places.length / 2,
    origin,
    lonLats: places,
    place: (n) => ({ lon: at(places, 2 * n), lat: at(places, 2 * n + 1) }),
    cell: (n) => [at(cells, 2 * n), at(cells, 2 * n + 1)],
    name: (n) => `r${digits(at(cells, 2 * n))}c${digits(at(cells, 2 * n + 1))}`,
  };
}

/** What an interval of longitudes shares with bounds: pieces in degrees east of its beginning. */
function sharedLongitudes(
  [west, spanDeg]: readonly [number, number],
  [from, , to]: Bounds,
): readonly (readonly [number, number])[] {
  const wide = to >= from ? to - from : to - from + 360;
  const start = (((from - west) % 360) + 360) % 360;
  return [start - 360, start]
    .map((begin) => [Math.max(0, begin), Math.min(spanDeg, begin + wide)] as const)
    .filter(([begin, end]) => begin <= end);
}

/** The multiples of a stride from `least` to `most`, both included: none where last is under first. */
function stepsBetween(
  least: number,
  most: number,
  strideM: number,
): { readonly first: number; readonly last: number } {
  // Adding 0 makes a plain zero of a negative one.
  return { first: Math.ceil(least / strideM - 1e-9) + 0, last: Math.floor(most / strideM + 1e-9) };
}

const digits = (value: number) =>
  value < 0 ? `-${String(-value).padStart(4, '0')}` : String(value).padStart(5, '0');
