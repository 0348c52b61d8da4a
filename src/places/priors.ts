// Priors: where a camera is known to have stood. A prior limits positions; the tiles around it still speak for them.
import {
  type Bounds,
  distanceM,
  insideBbox,
  type LonLat,
  localOffsetM,
  offsetLonLat,
  wrapLonDeg,
} from '../geometry/index.js';
import type { Catalogue, RowSet } from '../search/index.js';

/** A circle (its radius may be 0), or a box, which may cross the antimeridian; the border belongs to it. */
export type Prior = { readonly centre: LonLat; readonly radiusM: number } | { readonly bounds: Bounds };

/** Below the length of a degree of latitude anywhere (110,574 m at the equator). */
const METRES_PER_DEGREE = 110_500;

/** Rows of the tiles whose centre lies in the prior, or at most about `reachM` outside (never less). */
export function rowsWithin(catalogue: Catalogue, prior: Prior, reachM: number): RowSet {
  return 'bounds' in prior
    ? catalogue.rowsInBbox(grown(prior.bounds, reachM))
    : catalogue.rowsInRadius(prior.centre, prior.radiusM + reachM);
}

function grown(bounds: Bounds, byM: number): Bounds {
  if (byM === 0) return bounds;
  const [west, south, east, north] = bounds;
  const latDeg = byM / METRES_PER_DEGREE;
  const highestLat = Math.min(90, Math.max(Math.abs(south), Math.abs(north)) + latDeg);
  const lonDeg = latDeg / Math.max(1e-9, Math.cos((highestLat * Math.PI) / 180));
  const widthDeg = west <= east ? east - west : east - west + 360;
  return widthDeg + 2 * lonDeg >= 360
    ? [-180, south - latDeg, 180, north + latDeg]
    : [wrapLonDeg(west - lonDeg), south - latDeg, wrapLonDeg(east + lonDeg), north + latDeg];
}

/** The place itself where the prior holds it, else the point of the prior nearest to it. */
export function nearestInside(prior: Prior, place: LonLat): LonLat {
  return 'bounds' in prior
    ? nearestInBox(prior.bounds, place)
    : nearestInCircle(prior.centre, prior.radiusM, place);
}

function nearestInBox(bounds: Bounds, place: LonLat): LonLat {
  if (insideBbox(place, bounds)) return place;
  const [west, south, east, north] = bounds;
  const lat = Math.min(north, Math.max(south, place.lat));
  if (insideBbox({ lon: place.lon, lat }, bounds)) return { lon: place.lon, lat };
  const [toWest, toEast] = [west, east].map((lon) => Math.abs(wrapLonDeg(place.lon - lon))) as [
    number,
    number,
  ];
  return { lon: toWest <= toEast ? west : east, lat };
}

/** Rounding of a distance to a point of the border, metres. */
const HAIR_M = 1e-6;

function nearestInCircle(centre: LonLat, radiusM: number, place: LonLat): LonLat {
  let inside = place;
  // On the ellipsoid a step along the local direction ends close to the border; the next one ends on it.
  for (let round = 0; round < 8; round++) {
    const apartM = distanceM(centre, inside);
    if (apartM <= radiusM) return inside;
    const { eastM, northM } = localOffsetM(inside, centre);
    const wayM = Math.hypot(eastM, northM);
    const share = (apartM - radiusM + HAIR_M) / wayM;
    if (!(share < 1)) return centre;
    inside = offsetLonLat(inside, eastM * share, northM * share);
  }
  return centre;
}
