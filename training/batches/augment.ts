// From bytes to a training batch: the same dihedral turn for both images of a pair, an offset crop of the wide tile,
// and colour jitter, each drawn from a generator that is passed in.
import type { Rng } from 'skyfix/random';
import { type ImageSet, imageBytes } from '../stores/index.js';

/** One of the eight symmetries of the square: bit 0 flips columns, bit 1 flips rows, bit 2 transposes. */
export type Dihedral = number;

export interface ColourJitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

export const NO_JITTER: ColourJitter = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };

export interface CropOptions {
  readonly sizePx: number;
  /** Left upper corner of the crop in the stored image. */
  readonly leftPx: number;
  readonly topPx: number;
  readonly dihedral: Dihedral;
  readonly jitter: ColourJitter;
  readonly rng: Rng;
  /** Bytes map to [0, 1] ("unit") or [-1, 1] ("signed"). */
  readonly range: 'unit' | 'signed';
}

/**
 * Writes one augmented crop of image `index` into `out` at batch position `slot`: out is [B, S, S, 3] float32.
 * Jitter: per-channel gain (hue), saturation, contrast about the mean, brightness, clipped to the range.
 */
export function writeCrop(
  set: ImageSet,
  index: number,
  out: Float32Array,
  slot: number,
  crop: CropOptions,
): void {
  const { sizePx, leftPx, topPx, dihedral, jitter, rng, range } = crop;
  if (leftPx < 0 || topPx < 0 || leftPx + sizePx > set.sizePx || topPx + sizePx > set.sizePx) {
    throw new RangeError(`A crop of ${sizePx} px at ${leftPx},${topPx} leaves an image of ${set.sizePx} px.`);
  }
  const source = set.data.subarray(index * imageBytes(set), (index + 1) * imageBytes(set));
  const stride = set.sizePx * 3;
  const base = slot * sizePx * sizePx * 3;
  const finish = drawJitter(jitter, rng, range);
  const last = sizePx - 1;
  for (let i = 0; i < sizePx; i++) {
    for (let j = 0; j < sizePx; j++) {
      let row = dihedral & 4 ? j : i;
      let column = dihedral & 4 ? i : j;
      if (dihedral & 1) column = last - column;
      if (dihedral & 2) row = last - row;
      const from = (topPx + row) * stride + (leftPx + column) * 3;
      const to = base + (i * sizePx + j) * 3;
      finish(source[from] ?? 0, source[from + 1] ?? 0, source[from + 2] ?? 0, out, to);
    }
  }
}

/** Writes one pixel, given as red, green and blue from 0 to 255, to out[to..to+2]. */
export type WritePixel = (red: number, green: number, blue: number, out: Float32Array, to: number) => void;

/** Draws a colour jitter, six numbers of the generator, and returns what applies it to a pixel. */
export function drawJitter(jitter: ColourJitter, rng: Rng, range: 'unit' | 'signed'): WritePixel {
  const spread = (amount: number): number => 1 + amount * (2 * rng.next() - 1);
  const contrast = spread(jitter.contrast);
  const saturation = spread(jitter.saturation);
  const lift = jitter.brightness * (2 * rng.next() - 1);
  const gains = [spread(jitter.hue), spread(jitter.hue), spread(jitter.hue)] as const;
  return (red, green, blue, out, to) => {
    const r = (red / 255) * gains[0];
    const g = (green / 255) * gains[1];
    const b = (blue / 255) * gains[2];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    out[to] = finish(grey + (r - grey) * saturation, contrast, lift, range);
    out[to + 1] = finish(grey + (g - grey) * saturation, contrast, lift, range);
    out[to + 2] = finish(grey + (b - grey) * saturation, contrast, lift, range);
  };
}

function finish(value: number, contrast: number, lift: number, range: 'unit' | 'signed'): number {
  const unit = Math.min(1, Math.max(0, (value - 0.45) * contrast + 0.45 + lift));
  return range === 'unit' ? unit : unit * 2 - 1;
}
