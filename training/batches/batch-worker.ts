// Worker thread of the batch loader: crops in, a batch out.
import { moved, serveRequests } from 'skyfix/threads';
import { bytesPerImage, type ImageStore, openStore } from '../stores/index.js';
import type { BatchRequests, BatchSetup } from './batch-requests.js';
import { type Crop, computeCrop } from './crop.js';

await serveRequests<BatchRequests, BatchSetup>(({ stores }) => {
  const opened: (ImageStore | undefined)[] = stores.map(() => undefined);
  const storeOf = (index: number): ImageStore => {
    const handle = stores[index];
    if (!handle) throw new RangeError(`The loader has no store ${index}.`);
    opened[index] ??= openStore(handle);
    return opened[index];
  };
  return {
    answers: {
      batch: (crops) => {
        const data = batchOf(crops, storeOf);
        return moved(data, [data.buffer as ArrayBuffer]);
      },
    },
  };
});

/** Float32 [n, S, S, 3]. */
function batchOf(crops: readonly Crop[], storeOf: (index: number) => ImageStore): Float32Array {
  const sizePx = crops[0]?.sizePx ?? 0;
  const perCrop = sizePx * sizePx * 3;
  const batch = new Float32Array(crops.length * perCrop);
  let image = new Uint8Array(0);
  crops.forEach((crop, slot) => {
    if (crop.sizePx !== sizePx)
      throw new RangeError(`Crops of ${sizePx} and ${crop.sizePx} px in one batch.`);
    const store = storeOf(crop.store);
    const bytes = bytesPerImage(store);
    if (image.length !== bytes) image = new Uint8Array(bytes);
    store.read(crop.row, image);
    computeCrop(crop, store, image, batch, slot * perCrop);
  });
  return batch;
}
