// Distances on the ellipsoid good enough to say at once which of most places are inside a circle: a geodesic takes 100
// times as long, and is needed for those beside the border only.
import { distanceM, type LonLat } from '../geometry/index.js';

const SEMI_MAJOR_M = 6378137;
const FLATTENING = 1 / 298.257223563;
const RADIANS = Math.PI / 180;
/** Towards the antipode the formula fails; this is 16,000 km. */
const FAR_RADIANS = 2.5;
/** Largest relative error up to FAR_RADIANS, with room: 6.5e-6 was measured against geodesics all over the Earth. */
const RELATIVE_ERROR = 1e-5;
const LEAST_ERROR_M = 0.01;
/** Straight through the Earth up to here; farther by Lambert's formula. */
const MOST_CHORD_M = 500_000;
const ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING);
/**
 * A line of length s whose radius of curvature is R has the chord c = s - s^3 / 24 R^2 + ..., so s = c (1 + c^2 / 24 R^2 + ...).
 * On the ellipsoid R is nowhere less than b^2 / a nor more than a^2 / b; a hundredth of the term is room for what follows
 * it and for the little that a geodesic twists.
 */
const LEAST_RADIUS_M = SEMI_MAJOR_M * (1 - FLATTENING) ** 2;
const MOST_RADIUS_M = SEMI_MAJOR_M / (1 - FLATTENING);
const LEAST_TERM = 0.99 / (24 * MOST_RADIUS_M ** 2);
const MOST_TERM = 1.01 / (24 * LEAST_RADIUS_M ** 2);

/** How far a place is from the centre of a circle, as bounds. */
export interface DistanceBounds {
  readonly leastM: number;
  readonly mostM: number;
}

/** Measures from one centre: by the chord, and farther by Lambert's formula for long lines, on reduced latitudes. */
export class RoughDistance {
  readonly #centre: LonLat;
  readonly #reducedLat: number;
  readonly #cos: number;
  /** Distance from the axis and from the equator's plane, metres. */
  readonly #axisM: number;
  readonly #upM: number;

  constructor(centre: LonLat) {
    this.#centre = centre;
    this.#reducedLat = reduced(centre.lat);
    this.#cos = Math.cos(this.#reducedLat);
    const sin = Math.sin(centre.lat * RADIANS);
    const normalM = SEMI_MAJOR_M / Math.sqrt(1 - ECCENTRICITY_2 * sin * sin);
    this.#axisM = normalM * Math.cos(centre.lat * RADIANS);
    this.#upM = (1 - ECCENTRICITY_2) * normalM * sin;
  }

  /** Bounds of distanceM to the place; some centimetres to some hundred metres apart, as the place is near or far. */
  to(lon: number, lat: number): DistanceBounds {
    const square = this.#chordSquare(lon, lat);
    if (square > MOST_CHORD_M * MOST_CHORD_M) return this.#far(lon, lat);
    const chordM = Math.sqrt(square);
    return { leastM: leastOf(chordM), mostM: mostOf(chordM) };
  }

  /** Tells of places whether they lie in a circle of this radius: over 0 inside, under 0 outside, 0 where that is not clear. */
  within(radiusM: number): (lon: number, lat: number) => number {
    const insideM = chordWhere(mostOf, radiusM);
    const outsideM = chordWhere(leastOf, radiusM);
    if (insideM < MOST_CHORD_M && outsideM < MOST_CHORD_M) {
      const [inside, outside] = [Math.max(0, insideM) * insideM, outsideM * outsideM];
      return (lon, lat) => {
        const square = this.#chordSquare(lon, lat);
        return square <= inside ? 1 : square > outside ? -1 : 0;
      };
    }
    return (lon, lat) => {
      const { leastM, mostM } = this.to(lon, lat);
      return mostM <= radiusM ? 1 : leastM > radiusM ? -1 : 0;
    };
  }

  #chordSquare(lon: number, lat: number): number {
    const sin = Math.sin(lat * RADIANS);
    const normalM = SEMI_MAJOR_M / Math.sqrt(1 - ECCENTRICITY_2 * sin * sin);
    const axisM = normalM * Math.cos(lat * RADIANS);
    const outM = axisM - this.#axisM;
    const upM = (1 - ECCENTRICITY_2) * normalM * sin - this.#upM;
    const sinLon = Math.sin(((lon - this.#centre.lon) * RADIANS) / 2);
    return outM * outM + upM * upM + 4 * axisM * this.#axisM * sinLon * sinLon;
  }

  #far(lon: number, lat: number): DistanceBounds {
    const reducedLat = reduced(lat);
    const half = (reducedLat - this.#reducedLat) / 2;
    const sinHalf = Math.sin(half);
    const sinLon = Math.sin(((lon - this.#centre.lon) * RADIANS) / 2);
    const h = Math.min(1, sinHalf * sinHalf + this.#cos * Math.cos(reducedLat) * sinLon * sinLon);
    const angle = 2 * Math.asin(Math.sqrt(h));
    if (angle > FAR_RADIANS) {
      const exactM = distanceM({ lon, lat }, this.#centre);
      return { leastM: exactM - LEAST_ERROR_M, mostM: exactM + LEAST_ERROR_M };
    }
    const sinAngle = Math.sin(angle);
    const sinMiddle = Math.sin((reducedLat + this.#reducedLat) / 2);
    const s = sinMiddle * sinMiddle;
    const q = sinHalf * sinHalf;
    const x = ((angle - sinAngle) * s * (1 - q)) / (1 - h);
    const y = ((angle + sinAngle) * (1 - s) * q) / h;
    const metres = SEMI_MAJOR_M * (angle - (FLATTENING / 2) * (x + y));
    const errorM = metres * RELATIVE_ERROR + LEAST_ERROR_M;
    return { leastM: metres - errorM, mostM: metres + errorM };
  }
}

const leastOf = (chordM: number) => chordM * (1 + LEAST_TERM * chordM * chordM) - LEAST_ERROR_M;
const mostOf = (chordM: number) => chordM * (1 + MOST_TERM * chordM * chordM) + LEAST_ERROR_M;

/** The chord of which a bound is `metres`; under 0 where none is so short. Newton's steps, each doubling the digits. */
function chordWhere(bound: (chordM: number) => number, metres: number): number {
  let chordM = metres;
  for (let round = 0; round < 8; round++) chordM -= bound(chordM) - metres;
  return chordM;
}

const reduced = (latDeg: number) => Math.atan((1 - FLATTENING) * Math.tan(latDeg * RADIANS));
