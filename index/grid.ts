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

export interface GridCentres {
  readonly count: number;
  /** [count, 2] */
  readonly lonLats: Float64Array;
  place(number: number): LonLat;
  /** r00012c00034: row from the south, column from the west. */
  name(number: number): string;
}

/**
 * Centres of tiles of sizeM that lie within the bounds, or with an area those with their centre in it and in the bounds: a tile
 * whose centre has no imagery is none. Throws PARAMETER_INVALID for more than 20 million.
 */
export function gridCentres(imagery: Bounds, sizeM: number, strideM: number, area?: Area): GridCentres {
  const [west, south, east, north] = area ? area.bounds : imagery;
  const marginM = area ? 0 : sizeM / 2;
  const lonLats: number[] = [];
  const cells: number[] = [];
  const spanDeg = east >= west ? east - west : east - west + 360;
  const heightM = localOffsetM({ lon: west, lat: south }, { lon: west, lat: north }).northM;
  const rows = stepsIn(heightM - 2 * marginM, strideM);
  // The area may be a country and the imagery a village in it: only cells that can be tiles are looked at.
  const inImagery = area ? grownBounds(imagery, 1) : imagery;
  const toM = (lat: number) => localOffsetM({ lon: west, lat: south }, { lon: west, lat }).northM;
  const firstRow = area ? Math.max(0, Math.floor(toM(inImagery[1]) / strideM) - 1) : 0;
  const lastRow = area ? Math.min(rows - 1, Math.ceil(toM(inImagery[3]) / strideM) + 1) : rows - 1;
  const parts = area ? sharedLongitudes([west, spanDeg], inImagery) : [[0, spanDeg] as const];
  for (let row = firstRow; row <= lastRow; row++) {
    const { lat } = offsetLonLat({ lon: west, lat: south }, 0, marginM + row * strideM);
    // By quarters: an offset is the short way round, and a row may be the long one.
    const widthM = 4 * localOffsetM({ lon: west, lat }, { lon: wrapLonDeg(west + spanDeg / 4), lat }).eastM;
    const columns = stepsIn(widthM - 2 * marginM, strideM);
    const perDegree = spanDeg > 0 ? widthM / spanDeg : 0;
    let next = 0;
    for (const [from, to] of parts) {
      const first = area ? Math.max(next, Math.floor((from * perDegree) / strideM) - 1) : 0;
      const last = area ? Math.min(columns - 1, Math.ceil((to * perDegree) / strideM) + 1) : columns - 1;
      if ((lastRow - firstRow + 1) * (last - first + 1) > MOST_TILES) {
        throw new SkyfixError(
          'PARAMETER_INVALID',
          `A stride of ${strideM} m makes ${rows} x ${columns} tiles; give a larger --stride-m or an --area.`,
        );
      }
      next = Math.max(next, last + 1);
      for (let column = first; column <= last; column++) {
        const place = offsetLonLat({ lon: west, lat }, marginM + column * strideM, 0);
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
    lonLats: places,
    place: (n) => ({ lon: at(places, 2 * n), lat: at(places, 2 * n + 1) }),
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

/** How many points a distance apart fit on a length, both ends included; 0 for a negative length. */
function stepsIn(lengthM: number, strideM: number): number {
  return lengthM < -1e-6 ? 0 : Math.floor(lengthM / strideM + 1e-9) + 1;
}

const digits = (value: number) => String(value).padStart(5, '0');
