// A bundle's networks as they are served (ONNX graphs), for evaluation.

import type { InferenceEngine } from 'skyfix/engines';
import { nchwToRgb, rgbToNchw, stackTensors } from 'skyfix/imaging';
import { middleOf } from '../stages/index.js';
import { bytesPerImage, cropStore, type ImageStore, imageOfStore, writeStore } from '../stores/index.js';
import type { Embed } from './evaluate-area.js';

const BATCH = 16;

function batchOf(store: ImageStore, start: number, range: 'signed' | 'unit') {
  const count = Math.min(BATCH, store.count - start);
  const images = Array.from({ length: count }, (_, k) =>
    rgbToNchw(imageOfStore(store, start + k), undefined, range),
  );
  return { count, tensor: stackTensors(images) };
}

/** The generated views of BEVs as a store file. */
export function onnxViews(
  generator: InferenceEngine,
  bevs: ImageStore,
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageStore> {
  async function* views() {
    for (let start = 0; start < bevs.count; start += BATCH) {
      const { count, tensor } = batchOf(bevs, start, 'signed');
      const output = await generator.run(tensor);
      const batch = new Uint8Array(count * bytesPerImage(bevs));
      for (let k = 0; k < count; k++) batch.set(nchwToRgb(output, 'signed', k).data, k * bytesPerImage(bevs));
      yield batch;
    }
  }
  return writeStore(path, bevs, views(), onProgress);
}

/** Descriptors by the encoder's graph. */
export function onnxEmbed(encoder: InferenceEngine, inputSizePx: number): Embed {
  return async (images, square = middleOf(images, inputSizePx)) => {
    const store = cropStore(images, square);
    const parts: Float32Array[] = [];
    for (let start = 0; start < store.count; start += BATCH) {
      parts.push((await encoder.run(batchOf(store, start, 'unit').tensor)).data);
    }
    const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return { count: store.count, dimensions: data.length / Math.max(1, store.count), data };
  };
}
