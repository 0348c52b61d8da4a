// Pictures of the ground turned about their middle: what a camera saw under one heading, as it would lie under others.
import { SkyfixError } from '../errors/index.js';
import { bilinearWeights } from '../geometry/index.js';

/** Same shape as the inference port's tensors. */
interface ImageTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * A square north-up image [1, 3, S, S] turned clockwise by each of some angles: [angles, 3, S, S], bilinear. What lay at
 * azimuth a lies at a + angle: the view of a camera whose heading is that much larger than was said. The corners, which the
 * image does not show, repeat its border. Throws INTERNAL for another shape.
 */
export function turnSquare(image: ImageTensor, anglesDeg: readonly number[]): ImageTensor {
  const [batch = 0, channels = 0, sizePx = 0, widthPx = 0] = image.shape;
  if (image.shape.length !== 4 || batch !== 1 || widthPx !== sizePx) {
    throw new SkyfixError('INTERNAL', `A tensor [${image.shape}] is not one square image.`);
  }
  const length = channels * sizePx * sizePx;
  const data = new Float32Array(anglesDeg.length * length);
  for (const [k, angleDeg] of anglesDeg.entries()) {
    turnInto(data.subarray(k * length, (k + 1) * length), image.data, { channels, sizePx }, angleDeg);
  }
  return { data, shape: [anglesDeg.length, channels, sizePx, sizePx] };
}

function turnInto(
  target: Float32Array,
  source: Float32Array,
  { channels, sizePx }: { readonly channels: number; readonly sizePx: number },
  angleDeg: number,
): void {
  const [cos, sin] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const middle = sizePx / 2 - 0.5;
  const plane = sizePx * sizePx;
  for (let row = 0, to = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++, to++) {
      const [east, north] = [column - middle, middle - row];
      const u = within(middle + east * cos - north * sin, sizePx - 1);
      const v = within(middle - east * sin - north * cos, sizePx - 1);
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const weights = bilinearWeights(u - left, v - top);
      const right = left + 1 < sizePx ? 1 : 0;
      const below = top + 1 < sizePx ? sizePx : 0;
      const from = top * sizePx + left;
      for (let c = 0, at = from; c < channels; c++, at += plane) {
        target[c * plane + to] =
          (source[at] as number) * weights[0] +
          (source[at + right] as number) * weights[1] +
          (source[at + below] as number) * weights[2] +
          (source[at + right + below] as number) * weights[3];
      }
    }
  }
}

/** From 0 to `most`; the rounding of a whole number does not leave it. */
function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
