// Pixels to network input and back: dense float32 [B, 3, H, W], RGB. A BEV becomes the generator's input in [-1, 1]
// (invalid pixels -1), the generated view becomes the encoder's input in [0, 1].
import { SkyfixError } from '../errors/index.js';
import type { Bev, RgbImage } from '../geometry/index.js';

/** [-1, 1] for generators, [0, 1] for encoders. */
export type ValueRange = 'signed' | 'unit';

/** Same shape as the inference port's tensors. */
interface ImageTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** An image as a tensor [1, 3, H, W]; pixels whose mask is 0 get the range's lowest value. */
export function rgbToNchw(image: RgbImage, mask: Uint8Array | undefined, range: ValueRange): ImageTensor {
  const { widthPx, heightPx, data: source } = image;
  const plane = widthPx * heightPx;
  if (source.length !== plane * 3 || (mask && mask.length !== plane)) {
    throw new SkyfixError(
      'INTERNAL',
      `An image of ${widthPx}x${heightPx} px came with ${source.length} bytes and ${mask?.length ?? 'no'} mask values.`,
    );
  }
  const scale = range === 'signed' ? 2 / 255 : 1 / 255;
  const lowest = range === 'signed' ? -1 : 0;
  const data = new Float32Array(plane * 3);
  for (let c = 0; c < 3; c++) {
    for (let k = 0, o = c * plane, s = c; k < plane; k++, o++, s += 3) {
      data[o] = mask && mask[k] !== 1 ? lowest : (source[s] as number) * scale + lowest;
    }
  }
  return { data, shape: [1, 3, heightPx, widthPx] };
}

/** A BEV as a network's input. */
export function bevToNchw(bev: Bev, range: ValueRange): ImageTensor {
  return rgbToNchw(bev.image, bev.mask, range);
}

/** Image number `index` of a batch [B, 3, H, W] as 8-bit RGB; values outside the range are clipped. */
export function nchwToRgb(tensor: ImageTensor, range: ValueRange, index = 0): RgbImage {
  const [batch = 0, channels = 0, heightPx = 0, widthPx = 0] = tensor.shape;
  const plane = widthPx * heightPx;
  if (
    tensor.shape.length !== 4 ||
    channels !== 3 ||
    tensor.data.length !== batch * 3 * plane ||
    index >= batch
  ) {
    throw new SkyfixError('INTERNAL', `Image ${index} of a tensor [${tensor.shape}] is not an RGB image.`);
  }
  const gain = range === 'signed' ? 127.5 : 255;
  const offset = range === 'signed' ? 127.5 : 0;
  const data = new Uint8ClampedArray(plane * 3);
  const start = index * 3 * plane;
  for (let c = 0; c < 3; c++) {
    for (let k = 0, s = start + c * plane, o = c; k < plane; k++, s++, o += 3) {
      data[o] = (tensor.data[s] as number) * gain + offset;
    }
  }
  return { widthPx, heightPx, data: new Uint8Array(data.buffer) };
}

/** A generator's output in [-1, 1] as an encoder's input in [0, 1]. */
export function signedToUnit(tensor: ImageTensor): ImageTensor {
  const data = new Float32Array(tensor.data.length);
  for (let k = 0; k < data.length; k++)
    data[k] = Math.min(1, Math.max(0, (tensor.data[k] as number) * 0.5 + 0.5));
  return { data, shape: tensor.shape };
}

/**
 * Squares of sizePx cut out of images [B, 3, H, W]: [B * n, 3, sizePx, sizePx], the n of the first image first. Throws
 * INTERNAL where one does not lie inside.
 */
export function cropSquares(
  tensor: ImageTensor,
  corners: readonly { readonly leftPx: number; readonly topPx: number }[],
  sizePx: number,
): ImageTensor {
  const [batch = 0, channels = 0, heightPx = 0, widthPx = 0] = tensor.shape;
  const fits = corners.every(
    ({ leftPx, topPx }) =>
      leftPx >= 0 && topPx >= 0 && leftPx + sizePx <= widthPx && topPx + sizePx <= heightPx,
  );
  if (tensor.shape.length !== 4 || channels !== 3 || !fits) {
    throw new SkyfixError(
      'INTERNAL',
      `Squares of ${sizePx} px at ${corners.map(({ leftPx, topPx }) => `${leftPx},${topPx}`).join(' ')} ` +
        `do not fit into [${tensor.shape}].`,
    );
  }
  const data = new Float32Array(batch * corners.length * 3 * sizePx * sizePx);
  let at = 0;
  for (let image = 0; image < batch; image++) {
    for (const { leftPx, topPx } of corners) {
      for (let c = image * 3; c < image * 3 + 3; c++) {
        for (let row = 0; row < sizePx; row++, at += sizePx) {
          const from = (c * heightPx + topPx + row) * widthPx + leftPx;
          data.set(tensor.data.subarray(from, from + sizePx), at);
        }
      }
    }
  }
  return { data, shape: [batch * corners.length, 3, sizePx, sizePx] };
}

/** Tensors of one shape, one behind the other along the batch. */
export function stackTensors(tensors: readonly ImageTensor[]): ImageTensor {
  const rest = tensors[0]?.shape.slice(1) ?? [];
  let batch = 0;
  let length = 0;
  for (const tensor of tensors) {
    if (tensor.shape.slice(1).join() !== rest.join()) {
      throw new SkyfixError('INTERNAL', `A tensor [${tensor.shape}] cannot join a batch of [*,${rest}].`);
    }
    batch += tensor.shape[0] ?? 0;
    length += tensor.data.length;
  }
  const data = new Float32Array(length);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  return { data, shape: [batch, ...rest] };
}
