// Panorama or photo in, bird's-eye view out.
import { SkyfixError } from '../errors/index.js';
import { halveByKernel, type LookUpColumns, lookUpByKernel } from './bev-kernel.js';
import { type BevTable, buildBevTable, headingShifts, ONE_PX } from './bev-table.js';
import { isPinhole } from './pinhole.js';
import { type BevRays, bevRays } from './rays.js';
import { isFullCircle } from './sphere.js';
import type { Bev, BevGeometry, CameraModel, CameraPose, RgbImage, SphereWindow } from './types.js';

/** Anything that hands out sampling tables; BevTableCache does. It is asked where headings share one (headingShifts). */
export interface BevTableOwner {
  get(bev: BevGeometry, model: CameraModel, pose: CameraPose): BevTable;
}

/**
 * Projects a panorama or a photo to the ground: a north-up image of sizePx x sizePx around the camera, bilinear, wrapped
 * across the seam where a window goes all the way round. Pixels that are not seen are black and 0 in the mask. The model is
 * in pixels of `image`. Throws INTERNAL where they disagree, PARAMETER_INVALID where a parameter is impossible.
 */
export function projectBev(
  image: RgbImage,
  model: CameraModel,
  pose: CameraPose,
  bev: BevGeometry,
  cache?: BevTableOwner,
): Bev {
  return sample(image, sampling(image, model, pose, bev, cache), false);
}

/** areaDownsample of projectBev; by a factor of 2 at once, without the finer BEV in between. Throws what they throw. */
export function projectAveraged(
  image: RgbImage,
  model: CameraModel,
  pose: CameraPose,
  bev: BevGeometry,
  factor: number,
  cache?: BevTableOwner,
): Bev {
  checkFactor(bev.sizePx, factor);
  const averaged = sample(image, sampling(image, model, pose, bev, cache), factor === 2);
  return factor === 2 ? averaged : areaDownsample(averaged, factor);
}

/** Where an image is looked up: by a table, or by rays, for which there is none, but can be one. */
interface Sampling {
  readonly where: BevTable | BevRays;
  readonly columns: LookUpColumns;
  table(): BevTable;
}

function sampling(
  image: RgbImage,
  model: CameraModel,
  pose: CameraPose,
  bev: BevGeometry,
  cache?: BevTableOwner,
): Sampling {
  if (Math.abs(model.widthPx - image.widthPx) >= 1 || Math.abs(model.heightPx - image.heightPx) >= 1) {
    throw new SkyfixError(
      'INTERNAL',
      `The window is ${model.widthPx}x${model.heightPx} px, the image ${image.widthPx}x${image.heightPx} px.`,
    );
  }
  if (!Number.isFinite(pose.headingDeg)) {
    throw new SkyfixError('PARAMETER_INVALID', `headingDeg is ${pose.headingDeg}; it must be a number.`);
  }
  if (headingShifts(model, pose) && !isPinhole(model)) {
    const table = cache ? cache.get(bev, model, pose) : buildBevTable(bev, model, pose);
    const shiftPx = (-pose.headingDeg / 360) * model.fullWidthPx - model.leftPx;
    return { where: table, columns: columnsOf(placingOf(model, image, shiftPx)), table: () => table };
  }
  // The columns of a photo are its own: none is moved, and none wraps.
  const photo = { shiftPx: 0, circlePx: model.widthPx + 1, wraps: false };
  const columns = columnsOf(isPinhole(model) ? photo : placingOf(model, image, -model.leftPx));
  // Of another pose there is a table for each heading, and hardly one is asked for again.
  return { where: bevRays(bev, model, pose), columns, table: () => buildBevTable(bev, model, pose) };
}

/** How a table's columns become the image's: moved by shiftPx around a circle; where that is the image itself, it wraps. */
interface Placing {
  readonly shiftPx: number;
  readonly circlePx: number;
  readonly wraps: boolean;
}

function placingOf(window: SphereWindow, { widthPx }: RgbImage, shiftPx: number): Placing {
  const wraps = isFullCircle(window);
  return { shiftPx, circlePx: wraps ? widthPx : window.fullWidthPx, wraps };
}

/** By WebAssembly where the image fits into its memory. */
function sample(image: RgbImage, { where, columns, table }: Sampling, halved: boolean): Bev {
  const found = lookUpByKernel(image, where, columns, { halved });
  if (found) return found;
  const whole = lookUp(image, table(), columns);
  return halved ? averageAreas(whole, 2) : whole;
}

function columnsOf({ shiftPx, circlePx, wraps }: Placing): LookUpColumns {
  const circle = Math.round(circlePx * ONE_PX);
  // From edges to pixel centres: where the circle closes the shift does it, elsewhere each pixel is held inside.
  return { shift: modulo(Math.round(shiftPx * ONE_PX) - (wraps ? ONE_PX / 2 : 0), circle), circle, wraps };
}

/**
 * Bilinear sampling on integers: first along the columns, then along the rows, nothing lost in between. A loop over all
 * pixels that calls nothing.
 */
export function lookUp(image: RgbImage, table: BevTable, { shift, circle, wraps }: LookUpColumns): Bev {
  // FRACTION_BITS, ONE_PX, OUTSIDE and half of the product of two weights, written out: the engine folds them into the code,
  // while what is imported is looked up for every pixel (a fifth of the time).
  const bits = 8;
  const one = 256;
  const outside = -0x80000000;
  const round = 32768;
  const { data: source, widthPx, heightPx } = image;
  const { column, row } = table;
  const count = row.length;
  const data = new Uint8Array(count * 3);
  const mask = new Uint8Array(count);
  const half = one >> 1;
  const lastColumn = (widthPx - 1) * one;
  const stride = widthPx * 3;
  const [lastX, lastY] = [widthPx - 1, heightPx - 1];
  for (let k = 0, o = 0; k < count; k++, o += 3) {
    const v = row[k] as number;
    if (v === outside) continue;
    let u = (column[k] as number) + shift;
    if (u >= circle) u -= circle;
    if (!wraps) {
      if (u > widthPx * one) continue;
      u -= half;
      if (u < 0) u = 0;
      else if (u > lastColumn) u = lastColumn;
    }
    const x = u >> bits;
    const y = v >> bits;
    const fx = u & (one - 1);
    const fy = v & (one - 1);
    // Four pixels: a, b beside it, c and d below them.
    const a = y * stride + x * 3;
    const b = x < lastX ? a + 3 : wraps ? y * stride : a;
    const below = y < lastY ? stride : 0;
    const c = a + below;
    const d = b + below;
    const redTop = at(source, a) * one + (at(source, b) - at(source, a)) * fx;
    const redBelow = at(source, c) * one + (at(source, d) - at(source, c)) * fx;
    data[o] = (redTop * one + (redBelow - redTop) * fy + round) >> (2 * bits);
    const greenTop = at(source, a + 1) * one + (at(source, b + 1) - at(source, a + 1)) * fx;
    const greenBelow = at(source, c + 1) * one + (at(source, d + 1) - at(source, c + 1)) * fx;
    data[o + 1] = (greenTop * one + (greenBelow - greenTop) * fy + round) >> (2 * bits);
    const blueTop = at(source, a + 2) * one + (at(source, b + 2) - at(source, a + 2)) * fx;
    const blueBelow = at(source, c + 2) * one + (at(source, d + 2) - at(source, c + 2)) * fx;
    data[o + 2] = (blueTop * one + (blueBelow - blueTop) * fy + round) >> (2 * bits);
    mask[k] = 1;
  }
  return { image: { widthPx: table.sizePx, heightPx: table.sizePx, data }, mask };
}

function at(data: Uint8Array, index: number): number {
  return data[index] as number;
}

function modulo(value: number, period: number): number {
  const rest = value % period;
  return rest < 0 ? rest + period : rest;
}

/**
 * Averages factor x factor areas over their valid pixels; an area with fewer than half of them valid is black and 0
 * in the mask. Throws INTERNAL unless the factor divides the side.
 */
export function areaDownsample(bev: Bev, factor: number): Bev {
  const { widthPx, heightPx } = bev.image;
  checkFactor(widthPx, factor);
  checkFactor(heightPx, factor);
  if (factor === 1) return bev;
  return factor === 2 ? halveByKernel(bev) : averageAreas(bev, factor);
}

function checkFactor(sizePx: number, factor: number): void {
  if (Number.isInteger(factor) && factor >= 1 && sizePx % factor === 0) return;
  const what = `A BEV of ${sizePx} px cannot be averaged down by ${factor}; the factor must divide it.`;
  throw new SkyfixError('INTERNAL', what);
}

/** areaDownsample of any factor; what WebAssembly does for 2, bit by bit. */
export function averageAreas(bev: Bev, factor: number): Bev {
  const { widthPx, heightPx, data: source } = bev.image;
  const width = widthPx / factor;
  const height = heightPx / factor;
  const data = new Uint8Array(width * height * 3);
  const mask = new Uint8Array(width * height);
  const enough = (factor * factor) / 2;
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let valid = 0;
      for (let dy = 0; dy < factor; dy++) {
        let p = (y * factor + dy) * widthPx + x * factor;
        for (let dx = 0; dx < factor; dx++, p++) {
          if (bev.mask[p] !== 1) continue;
          valid++;
          red += at(source, p * 3);
          green += at(source, p * 3 + 1);
          blue += at(source, p * 3 + 2);
        }
      }
      if (valid === 0 || valid < enough) continue;
      data[k * 3] = Math.round(red / valid);
      data[k * 3 + 1] = Math.round(green / valid);
      data[k * 3 + 2] = Math.round(blue / valid);
      mask[k] = 1;
    }
  }
  return { image: { widthPx: width, heightPx: height, data }, mask };
}
