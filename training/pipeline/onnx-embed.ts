// A bundle's networks as they are served (ONNX graphs), for evaluation.
import { nchwToRgb, rgbToNchw, stackTensors } from 'skyfix/imaging';
import type { InferenceEngine } from 'skyfix/models';
import { cropStore, type ImageStore, imageOfStore, memoryStore } from '../data/image-store.js';
import { middleOf } from '../stages/descriptors.js';
import type { Embed } from './evaluate-area.js';

const BATCH = 16;

function batchOf(store: ImageStore, start: number, range: 'signed' | 'unit') {
  const count = Math.min(BATCH, store.count - start);
  const images = Array.from({ length: count }, (_, k) =>
    rgbToNchw(imageOfStore(store, start + k), undefined, range),
  );
  return { count, tensor: stackTensors(images) };
}

/** The generated views of BEVs, in memory. */
export async function onnxViews(generator: InferenceEngine, bevs: ImageStore): Promise<ImageStore> {
  const bytes = bevs.sizePx * bevs.sizePx * 3;
  const data = new Uint8Array(bevs.count * bytes);
  for (let start = 0; start < bevs.count; start += BATCH) {
    const { count, tensor } = batchOf(bevs, start, 'signed');
    const output = await generator.run(tensor);
    for (let k = 0; k < count; k++) data.set(nchwToRgb(output, 'signed', k).data, (start + k) * bytes);
  }
  return memoryStore({ sizePx: bevs.sizePx, count: bevs.count, data });
}

/** Descriptors by the encoder's graph. */
export function onnxEmbed(encoder: InferenceEngine, inputSizePx: number): Embed {
  return async (images, window = middleOf(images, inputSizePx)) => {
    const store = cropStore(images, window);
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
