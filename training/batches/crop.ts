// One crop of one stored image as a network sees it: a pure function of the crop's description, so that any thread
// may compute it ahead of the step that needs it.
import { bilinearWeights } from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';
import type { ImageStore } from '../stores/index.js';
import { type ColourJitter, type Dihedral, drawJitter, type WritePixel, writeCrop } from './augment.js';

/** What a batch takes of which image. */
export interface Crop {
  /** Number of the store in the loader's list. */
  readonly store: number;
  readonly row: number;
  /** Left upper corner and side of the square in the stored image. */
  readonly leftPx: number;
  readonly topPx: number;
  readonly sizePx: number;
  readonly dihedral: Dihedral;
  /**
   * The ground turns clockwise by so many degrees about the crop's middle: what lay north then lies at this azimuth. Sampled
   * bilinearly from the whole stored image; black outside of it. Black corners tell the angle: where both images of a
   * pair turn alike, the tiles should have a margin that covers the corners, or a network learns the corners.
   */
  readonly turnDeg?: number;
  readonly jitter: ColourJitter;
  /** The jitter is drawn from makeRng(seed, stream). */
  readonly seed: number;
  readonly stream: number;
  /** Bytes map to [0, 1] ("unit") or [-1, 1] ("signed"). */
  readonly range: 'unit' | 'signed';
  /**
   * The image is a panorama squeezed to a square, north in its middle column: turns and mirror images of the ground move
   * its columns, by whole ones. The crop is the whole image.
   */
  readonly panorama?: boolean;
}

/** Writes the crop as float32 [S, S, 3] to out[at...]; `image` holds the bytes of the crop's stored image. */
export function computeCrop(
  crop: Crop,
  store: Pick<ImageStore, 'sizePx'>,
  image: Uint8Array,
  out: Float32Array,
  at: number,
): void {
  const { sizePx, leftPx, topPx, turnDeg = 0, dihedral } = crop;
  if (crop.panorama) {
    if (leftPx !== 0 || topPx !== 0 || sizePx !== store.sizePx) {
      throw new RangeError(`A panorama of ${store.sizePx} px is taken whole, not ${sizePx} px of it.`);
    }
    panoramaCrop(crop, image, out, at, writerOf(crop));
  } else if (turnDeg !== 0) {
    turnedCrop(crop, store.sizePx, image, out, at, writerOf(crop));
  } else {
    const set = { sizePx: store.sizePx, count: 1, data: image };
    const rng = makeRng(crop.seed, crop.stream);
    const { jitter, range } = crop;
    const target = out.subarray(at, at + sizePx * sizePx * 3);
    writeCrop(set, 0, target, 0, { sizePx, leftPx, topPx, dihedral, jitter, rng, range });
  }
}

function writerOf({ jitter, seed, stream, range }: Crop): WritePixel {
  return drawJitter(jitter, makeRng(seed, stream), range);
}

/**
 * Which azimuth of the stored image is seen at azimuth a after a symmetry of the square: sign * a + offset degrees.
 * Bit 0 mirrors east and west (a -> -a), bit 1 north and south (a -> 180 - a), bit 2 about the diagonal (a -> 270 - a).
 */
export function azimuthOfDihedral(dihedral: Dihedral): { sign: 1 | -1; offsetDeg: number } {
  let [sign, offsetDeg]: [1 | -1, number] = dihedral & 4 ? [-1, 270] : [1, 0];
  if (dihedral & 1) [sign, offsetDeg] = [-sign as 1 | -1, -offsetDeg];
  if (dihedral & 2) [sign, offsetDeg] = [-sign as 1 | -1, 180 - offsetDeg];
  return { sign, offsetDeg: ((offsetDeg % 360) + 360) % 360 };
}

/** The ground's symmetry and turn as a roll, and perhaps a mirror image, of the panorama's columns. */
function panoramaCrop(crop: Crop, image: Uint8Array, out: Float32Array, at: number, write: WritePixel): void {
  const { sizePx: width, dihedral, turnDeg = 0 } = crop;
  const { sign, offsetDeg } = azimuthOfDihedral(dihedral);
  const roll = Math.round(((offsetDeg - turnDeg) / 360) * width);
  for (let j = 0; j < width; j++) {
    const mirrored = sign === 1 ? j : width - 1 - j;
    const from = (((mirrored + roll) % width) + width) % width;
    for (let i = 0; i < width; i++) {
      const k = (i * width + from) * 3;
      write(image[k] ?? 0, image[k + 1] ?? 0, image[k + 2] ?? 0, out, at + (i * width + j) * 3);
    }
  }
}

/** The crop turned about its middle, then through its symmetry. */
function turnedCrop(
  crop: Crop,
  storedPx: number,
  image: Uint8Array,
  out: Float32Array,
  at: number,
  write: WritePixel,
): void {
  const { sizePx, leftPx, topPx, dihedral, turnDeg = 0 } = crop;
  if (leftPx < 0 || topPx < 0 || leftPx + sizePx > storedPx || topPx + sizePx > storedPx) {
    throw new RangeError(`A crop of ${sizePx} px at ${leftPx},${topPx} leaves an image of ${storedPx} px.`);
  }
  const [cos, sin] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  const middle = (sizePx - 1) / 2;
  const pixel = new Float64Array(3);
  for (let i = 0; i < sizePx; i++) {
    for (let j = 0; j < sizePx; j++) {
      let south = (dihedral & 4 ? j : i) - middle;
      let east = (dihedral & 4 ? i : j) - middle;
      if (dihedral & 1) east = -east;
      if (dihedral & 2) south = -south;
      const x = leftPx + middle + east * cos + south * sin;
      const y = topPx + middle + south * cos - east * sin;
      sample(image, storedPx, x, y, pixel);
      const [red, green, blue] = pixel as unknown as [number, number, number];
      write(red, green, blue, out, at + (i * sizePx + j) * 3);
    }
  }
}

/** Bilinear sample at pixel-centre coordinates x, y; what lies outside counts as black. */
function sample(image: Uint8Array, sizePx: number, x: number, y: number, pixel: Float64Array): void {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const weights = bilinearWeights(x - x0, y - y0);
  pixel.fill(0);
  for (let corner = 0; corner < 4; corner++) {
    const [column, row] = [x0 + (corner & 1), y0 + (corner >> 1)];
    if (column < 0 || row < 0 || column >= sizePx || row >= sizePx) continue;
    const weight = weights[corner] as number;
    const k = (row * sizePx + column) * 3;
    for (let c = 0; c < 3; c++) pixel[c] = (pixel[c] as number) + weight * (image[k + c] as number);
  }
}
