// Whether a BEV shows anything by which a place could be told. A black, white or grey picture gives a descriptor like any
// other, and a score no worse than a right answer's.
import { SkyfixError } from '../errors/index.js';
import type { Bev } from '../geometry/index.js';

/** Cells along a side that are compared: over them the noise of sensors and of JPEG averages out, ground does not. */
const CELLS_ACROSS = 18;
const LEAST_CELL_PX = 2;
/** Pixels of a cell that are looked at, at least, along each side: as many as a cell of the bundle that ships has. */
const LOOKED_AT = 8;
/**
 * Grey levels by which cells must differ (standard deviation). Chosen between what was measured over the 24 demo panoramas
 * with the bundle that ships, of which the least has 11.3 as it is, 1.1 at a tenth and 0.54 at a twentieth of its contrast
 * (darkened or washed out), and pictures of one colour with noise: 0.0, 0.24 with +-4 levels, 0.45 with +-8.
 */
const LEAST_SPREAD = 0.5;
/** Share of the BEV that must be valid. */
const LEAST_VALID = 0.02;

export interface BevTexture {
  /** Share of the pixels that the panorama shows. */
  readonly validShare: number;
  /** Standard deviation of the cells' mean grey values, in levels of 255. */
  readonly spread: number;
}

export function bevTexture({ image, mask }: Bev): BevTexture {
  const { widthPx, heightPx, data } = image;
  const cellPx = Math.max(LEAST_CELL_PX, Math.round(widthPx / CELLS_ACROSS));
  const step = Math.max(1, Math.floor(cellPx / LOOKED_AT));
  let [cells, total, squares, valid, looked] = [0, 0, 0, 0, 0];
  for (let top = 0; top < heightPx; top += cellPx) {
    for (let left = 0; left < widthPx; left += cellPx) {
      let [seen, sum] = [0, 0];
      const [bottom, right] = [Math.min(top + cellPx, heightPx), Math.min(left + cellPx, widthPx)];
      for (let y = top; y < bottom; y += step) {
        for (let x = left; x < right; x += step, looked++) {
          const k = y * widthPx + x;
          if (mask[k] !== 1) continue;
          seen++;
          sum += (data[3 * k] as number) + (data[3 * k + 1] as number) + (data[3 * k + 2] as number);
        }
      }
      valid += seen;
      // A cell of few pixels has their noise.
      if (seen * step * step < (cellPx * cellPx) / 2) continue;
      const mean = sum / (3 * seen);
      cells++;
      total += mean;
      squares += mean * mean;
    }
  }
  const mean = cells === 0 ? 0 : total / cells;
  const variance = cells === 0 ? 0 : Math.max(0, squares / cells - mean * mean);
  return { validShare: valid / looked, spread: Math.sqrt(variance) };
}

/** Throws PANORAMA_BLANK for a BEV that shows nothing, or the same everywhere. */
export function requireTexture(bev: Bev): BevTexture {
  const texture = bevTexture(bev);
  const { validShare, spread } = texture;
  if (validShare < LEAST_VALID) {
    throw new SkyfixError(
      'PANORAMA_BLANK',
      `The image shows ${(100 * validShare).toFixed(1)} % of the ground around the camera.`,
    );
  }
  if (spread < LEAST_SPREAD) {
    throw new SkyfixError(
      'PANORAMA_BLANK',
      `The ground around the camera is of one colour: its grey values differ by ${spread.toFixed(2)} of 255.`,
    );
  }
  return texture;
}
