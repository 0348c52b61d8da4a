// Distances on the ellipsoid good enough to say at once which of most places are inside a circle: a geodesic takes 30
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

/** How far a place is from the centre of a circle, as bounds. */
export interface DistanceBounds {
  readonly leastM: number;
  readonly mostM: number;
}

/** Measures from one centre; Lambert's formula for long lines, on reduced latitudes. */
export class RoughDistance {
  readonly #centre: LonLat;
  readonly #reducedLat: number;
  readonly #cos: number;

  constructor(centre: LonLat) {
    this.#centre = centre;
    this.#reducedLat = reduced(centre.lat);
    this.#cos = Math.cos(this.#reducedLat);
  }

  /** Bounds of distanceM to the place; some micrometres to some hundred metres apart, as the place is near or far. */
  to(lon: number, lat: number): DistanceBounds {
    const reducedLat = reduced(lat);
    const half = (reducedLat - this.#reducedLat) / 2;
    const sinHalf = Math.sin(half);
    const sinLon = Math.sin(((lon - this.#centre.lon) * RADIANS) / 2);
    const h = Math.min(1, sinHalf * sinHalf + this.#cos * Math.cos(reducedLat) * sinLon * sinLon);
    if (h < 1e-20) return { leastM: 0, mostM: LEAST_ERROR_M };
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

const reduced = (latDeg: number) => Math.atan((1 - FLATTENING) * Math.tan(latDeg * RADIANS));
