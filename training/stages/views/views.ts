// Stage 2: G is frozen, and the generated view of every ground image is written once.
import type { RgbImage } from 'skyfix/geometry';
import type { Generator } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { bytesPerImage, type ImageStore, memoryStore, writeStore } from '../../stores/index.js';
import { imagesToTensor, middleOf } from '../common/descriptors.js';

const BATCH = 8;

/** The views of some images, batch by batch, as bytes [n, S, S, 3]. */
async function* viewsOf(g: Generator, inputs: ImageStore): AsyncGenerator<Uint8Array> {
  const whole = middleOf(inputs, inputs.sizePx);
  for (let start = 0; start < inputs.count; start += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, inputs.count - start) }, (_, k) => start + k);
    const views = tf.tidy(() =>
      g
        .apply(imagesToTensor(inputs, rows, whole).div(127.5).sub(1))
        .add(1)
        .mul(127.5),
    );
    yield new Uint8Array(new Uint8ClampedArray(await views.data()).buffer);
    views.dispose();
  }
}

/** The generated view of every image, one after the other, in the order of the rows. */
export async function* eachView(g: Generator, inputs: ImageStore): AsyncGenerator<RgbImage> {
  const bytes = bytesPerImage(inputs);
  const { sizePx } = inputs;
  for await (const batch of viewsOf(g, inputs)) {
    for (let at = 0; at < batch.length; at += bytes) {
      yield { widthPx: sizePx, heightPx: sizePx, data: batch.subarray(at, at + bytes) };
    }
  }
}

/** The generated view of every image, in memory: for sets of some hundred. */
export async function viewsInMemory(g: Generator, inputs: ImageStore): Promise<ImageStore> {
  const data = new Uint8Array(inputs.count * bytesPerImage(inputs));
  let at = 0;
  for await (const batch of viewsOf(g, inputs)) {
    data.set(batch, at);
    at += batch.length;
  }
  return memoryStore({ sizePx: inputs.sizePx, count: inputs.count, data });
}

/** The generated view of every image as a store file: complete under its name, or not there. */
export function writeViews(
  g: Generator,
  inputs: ImageStore,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageStore> {
  return writeStore(path, inputs, viewsOf(g, inputs), onProgress);
}
