// A picture's size, transform and coordinate system as what a source needs of them: bounds, pixels of places, distances.
import { type Bounds, boundsOf, distanceM, type LonLat, wrapLonDeg } from '../../../src/geometry/index.js';
import { unusable } from '../port/index.js';
import { type Affine, applyAffine, invertAffine } from './affine.js';
import type { Projection } from './crs.js';

export interface Placement {
  readonly bounds: Bounds;
  readonly gsdM: number;
  toPixel(place: LonLat): readonly [x: number, y: number];
}

/** Points a side at which a border is followed: it is curved in most projections. */
const BORDER_STEPS = 8;

/** Throws IMAGERY_INVALID where the picture lies nowhere on Earth. */
export function placementOf(
  widthPx: number,
  heightPx: number,
  affine: Affine,
  projection: Projection,
  path: string,
): Placement {
  const inverse = invertAffine(affine);
  const [centreX] = applyAffine(affine, widthPx / 2, heightPx / 2);
  const { periodX } = projection;
  const placeOf = (column: number, row: number): LonLat => {
    const [x, y] = applyAffine(affine, column, row);
    const place = projection.toLonLat(x, y);
    if (!(Number.isFinite(place.lon) && Math.abs(place.lat) <= 90.0001)) {
      throw unusable(
        path,
        `its pixel ${column},${row} at ${x}, ${y} is no place on Earth in ${projection.name}; is that its coordinate ` +
          'system (--epsg, --proj4)?',
      );
    }
    return place;
  };
  const border = borderOf(widthPx, heightPx).map(([column, row]) => placeOf(column, row));
  const bounds = boundsOfBorder(border, affine, widthPx, heightPx, projection);
  const here = placeOf(widthPx / 2, heightPx / 2);
  const gsdM = Math.sqrt(
    distanceM(here, placeOf(widthPx / 2 + 1, heightPx / 2)) *
      distanceM(here, placeOf(widthPx / 2, heightPx / 2 + 1)),
  );
  return {
    bounds,
    gsdM,
    toPixel: (place) => {
      const [x, y] = projection.fromLonLat(place);
      // The way round the world that is nearer to the picture.
      const near = periodX === undefined ? x : x + Math.round((centreX - x) / periodX) * periodX;
      return applyAffine(inverse, near, y);
    },
  };
}

function borderOf(widthPx: number, heightPx: number): readonly (readonly [number, number])[] {
  const points: [number, number][] = [];
  for (let k = 0; k < BORDER_STEPS; k++) {
    const share = k / BORDER_STEPS;
    points.push([share * widthPx, 0], [widthPx, share * heightPx]);
    points.push([(1 - share) * widthPx, heightPx], [0, (1 - share) * heightPx]);
  }
  return points;
}

/** Where x goes round the world, west and east are known and need not be guessed from points, however wide the picture is. */
function boundsOfBorder(
  border: readonly LonLat[],
  affine: Affine,
  widthPx: number,
  heightPx: number,
  { periodX, toLonLat }: Projection,
): Bounds {
  const [west, south, east, north] = boundsOf(border) ?? [0, 0, 0, 0];
  if (periodX === undefined) return [west, south, east, north];
  const corners = [0, widthPx].flatMap((column) =>
    [0, heightPx].map((row) => applyAffine(affine, column, row)),
  );
  const xs = corners.map(([x]) => x);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  if (right - left >= 0.999 * periodX) return [-180, south, 180, north];
  const y = corners[0]?.[1] ?? 0;
  return [wrapLonDeg(toLonLat(left, y).lon), south, wrapLonDeg(toLonLat(right, y).lon), north];
}
