// The row of a place in places.csv, and what its camera claims.
import type { Rng } from 'skyfix/random';
import { convergenceDeg, toLonLat } from '../overhead/georeference.js';
import type { CameraClaim } from '../street/camera-file.js';
import type { Place } from '../street/places.js';

export const PLACE_COLUMNS =
  'id,file,split,lon,lat,headingDeg,pitchDeg,rollDeg,cameraHeightM,gpsLon,gpsLat,metaHeadingDeg,district';

/** Draws the errors of a place's metadata; the row has the truth beside them. */
export function describePlace(
  place: Place,
  options: { readonly gpsError: boolean; readonly poseError: boolean },
  rng: Rng,
): { readonly claim: CameraClaim; readonly row: string; readonly file: string } {
  const { camera } = place;
  const file = `panoramas/${place.id}.jpg`;
  const { lon, lat } = toLonLat(camera.x, camera.y);
  const gpsError = options.gpsError ? 3 / Math.SQRT2 : 0;
  const gps = toLonLat(camera.x + rng.normal() * gpsError, camera.y + rng.normal() * gpsError);
  const convergence = convergenceDeg(camera.x, camera.y);
  const poseError = options.poseError ? 1 : 0;
  const heading = wrap(camera.gridHeadingDeg + convergence);
  const claim = {
    headingDeg: wrap(heading + rng.normal() * 0.5 * poseError),
    pitchDeg: camera.pitchDeg + rng.normal() * 0.2 * poseError,
    rollDeg: camera.rollDeg + rng.normal() * 0.2 * poseError,
    ...gps,
  };
  const row = [
    place.id,
    file,
    place.split,
    lon.toFixed(8),
    lat.toFixed(8),
    heading.toFixed(3),
    camera.pitchDeg.toFixed(3),
    camera.rollDeg.toFixed(3),
    camera.heightM.toFixed(4),
    gps.lon.toFixed(8),
    gps.lat.toFixed(8),
    claim.headingDeg.toFixed(2),
    place.district,
  ].join(',');
  return { claim, row, file };
}

const wrap = (deg: number): number => ((deg % 360) + 360) % 360;
