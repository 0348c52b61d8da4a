// Flat figures, as tall as people and cars, put around the camera until they hide a given share of the ground.
import type { RgbImage, SphereWindow } from 'skyfix/geometry';
import type { Rng } from 'skyfix/random';

interface Figure {
  readonly widthM: number;
  readonly heightM: number;
  /** Shares of the full width at heights from the feet (0) to the top (1). */
  readonly outline: (height: number) => number;
}

const PERSON: Figure = {
  widthM: 0.6,
  heightM: 1.75,
  outline: (height) =>
    height < 0.5 ? 0.6 : height < 0.84 ? 1 : Math.sqrt(1 - ((height - 0.92) / 0.08) ** 2) * 0.45,
};
const CAR: Figure = { widthM: 4.2, heightM: 1.5, outline: (height) => (height < 0.55 ? 1 : 0.65) };

const NEAREST_M = 1.2;
const FARTHEST_M = 12;
const MOST_FIGURES = 20_000;

/**
 * A copy of the panorama in which figures cover `share` (0 to 0.5) of the solid angle that it shows below the horizon
 * (rows taken as levelled), to within one pixel. Nothing above the horizon changes: the BEV does not see it. Figures
 * stand on flat ground
 * 1.2 to 12 m away; what they are, where and in which colour is drawn from `rng`. Throws RangeError for another share.
 */
export function occlude(
  image: RgbImage,
  window: SphereWindow,
  cameraHeightM: number,
  share: number,
  rng: Rng,
): RgbImage {
  if (!(share >= 0 && share <= 0.5)) throw new RangeError(`The share is ${share}; it must be from 0 to 0.5.`);
  const { widthPx, heightPx } = image;
  const data = image.data.slice();
  const covered = new Uint8Array(widthPx * heightPx);
  const depression = (row: number) => Math.PI * ((window.topPx + row + 0.5) / window.fullHeightPx - 0.5);
  const rowAt = (angle: number) => window.fullHeightPx * (0.5 + angle / Math.PI) - window.topPx - 0.5;
  let ground = 0;
  for (let row = 0; row < heightPx; row++) {
    if (depression(row) > 0) ground += widthPx * Math.cos(depression(row));
  }
  let left = share * ground;
  for (let figures = 0; left > 0; figures++) {
    if (figures === MOST_FIGURES)
      throw new RangeError(`Figures do not cover ${share} of this panorama's ground.`);
    const figure = rng.chance(0.75) ? PERSON : CAR;
    const distanceM = NEAREST_M * (FARTHEST_M / NEAREST_M) ** rng.next();
    const middle = rng.range(0, window.fullWidthPx);
    const colour = [rng.int(20, 130), rng.int(20, 130), rng.int(20, 130)];
    const feet = Math.min(heightPx - 1, Math.floor(rowAt(Math.atan2(cameraHeightM, distanceM))));
    for (let row = feet; row >= 0 && depression(row) > 0 && left > 0; row--) {
      const heightM = cameraHeightM - distanceM * Math.tan(depression(row));
      if (heightM > figure.heightM) break;
      const halfM = (figure.widthM / 2) * figure.outline(Math.max(0, heightM) / figure.heightM);
      const halfPx = (window.fullWidthPx * Math.atan2(halfM, distanceM)) / (2 * Math.PI);
      const weight = Math.cos(depression(row));
      for (let u = Math.round(middle - halfPx); u < middle + halfPx && left > 0; u++) {
        const onCircle = ((u % window.fullWidthPx) + window.fullWidthPx) % window.fullWidthPx;
        const column = Math.floor(onCircle - window.leftPx);
        const at = row * widthPx + column;
        if (column < 0 || column >= widthPx || covered[at] === 1) continue;
        covered[at] = 1;
        left -= weight;
        for (let c = 0; c < 3; c++) data[at * 3 + c] = colour[c] as number;
      }
    }
  }
  return { widthPx, heightPx, data };
}
