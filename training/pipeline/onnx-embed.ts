// A bundle's networks as they are served (ONNX graphs), for evaluation: stored images in, stored views and descriptors out.
import type { Describer } from 'skyfix/describe';
import { nchwToRgb, rgbToNchw, stackTensors } from 'skyfix/imaging';
import { middleOf } from '../stages/index.js';
import {
  bytesPerImage,
  cropStore,
  type ImageStore,
  imageOfStore,
  selectStore,
  writeStore,
} from '../stores/index.js';
import type { Embed } from './evaluate-area.js';

/** Images that are read and given to a network at once. */
const BATCH = 16;

/** The images of a store, a batch at a time. */
function* batchesOf(store: ImageStore) {
  for (let start = 0; start < store.count; start += BATCH) {
    const count = Math.min(BATCH, store.count - start);
    yield Array.from({ length: count }, (_, k) => imageOfStore(store, start + k));
  }
}

/** The generated views of BEVs as a store file. */
export function onnxViews(
  describer: Describer,
  bevs: ImageStore,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageStore> {
  async function* views() {
    for (const images of batchesOf(bevs)) {
      const input = stackTensors(images.map((image) => rgbToNchw(image, undefined, 'signed')));
      const output = await describer.generate(input);
      const batch = new Uint8Array(images.length * bytesPerImage(bevs));
      for (const k of images.keys()) batch.set(nchwToRgb(output, 'signed', k).data, k * bytesPerImage(bevs));
      yield batch;
    }
  }
  return writeStore(path, bevs, views(), onProgress);
}

/** Descriptors by the encoder's graph. */
export function onnxEmbed(describer: Describer, inputSizePx: number, dimensions: number): Embed {
  return async (images, square = middleOf(images, inputSizePx), rows) => {
    const store = cropStore(rows ? selectStore(images, rows) : images, square);
    const data = new Float32Array(store.count * dimensions);
    let at = 0;
    for (const batch of batchesOf(store)) {
      const part = (await describer.describe(batch)).data;
      data.set(part, at);
      at += part.length;
    }
    return { count: store.count, dimensions, data };
  };
}
