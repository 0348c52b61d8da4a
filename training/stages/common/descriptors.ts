// Descriptors of many images, a batch at a time: what validation, self-training, mining and evaluation look at.
import type { Tensor4D } from '@tensorflow/tfjs-node-gpu';
import type { Descriptors } from '../../evaluation/index.js';
import type { Encoder } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { bytesPerImage, type ImageStore } from '../../stores/index.js';

const BATCH = 64;

/** A square of sizePx at leftPx, topPx of an image. */
export interface Square {
  readonly leftPx: number;
  readonly topPx: number;
  readonly sizePx: number;
}

/** The middle sizePx x sizePx of a store's images. */
export function middleOf(store: ImageStore, sizePx: number): Square {
  const marginPx = (store.sizePx - sizePx) >> 1;
  return { leftPx: marginPx, topPx: marginPx, sizePx };
}

/** Images of a store as float32 [rows.length, S, S, 3] in [0, 255], the square of each. */
export function imagesToTensor(store: ImageStore, rows: readonly number[], square: Square): Tensor4D {
  const { leftPx, topPx, sizePx } = square;
  const image = new Uint8Array(bytesPerImage(store));
  const data = new Float32Array(rows.length * sizePx * sizePx * 3);
  rows.forEach((row, k) => {
    store.read(row, image);
    for (let i = 0; i < sizePx; i++) {
      const from = ((topPx + i) * store.sizePx + leftPx) * 3;
      data.set(image.subarray(from, from + sizePx * 3), (k * sizePx + i) * sizePx * 3);
    }
  });
  return tf.tensor4d(data, [rows.length, sizePx, sizePx, 3]);
}

/** Descriptors [rows, D] of a square of some images (all, where there are no rows; the middle, where no square). */
export async function describe(
  encoder: Encoder,
  store: ImageStore,
  options: { readonly rows?: readonly number[]; readonly square?: Square } = {},
): Promise<Descriptors> {
  const { rows = Array.from({ length: store.count }, (_, row) => row) } = options;
  const square = options.square ?? middleOf(store, encoder.inputSize);
  const { dimensions } = encoder;
  const data = new Float32Array(rows.length * dimensions);
  for (let start = 0; start < rows.length; start += BATCH) {
    const part = rows.slice(start, start + BATCH);
    const output = tf.tidy(() => encoder.apply(imagesToTensor(store, part, square).div(255)));
    data.set(await output.data(), start * dimensions);
    output.dispose();
  }
  return { count: rows.length, dimensions, data };
}
