// Worker thread of the batch loader: crops in, a batch out.
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorMessage } from '../common/index.js';
import { bytesPerImage, type ImageStore, openStore } from '../stores/index.js';
import type { BatchReply, BatchRequest, BatchWorkerInput } from './batch-messages.js';
import { type Crop, computeCrop } from './crop.js';

const port = parentPort;
if (port !== null) {
  const { stores } = workerData as BatchWorkerInput;
  const opened: (ImageStore | undefined)[] = stores.map(() => undefined);
  const storeOf = (index: number): ImageStore => {
    const handle = stores[index];
    if (!handle) throw new RangeError(`The loader has no store ${index}.`);
    opened[index] ??= openStore(handle);
    return opened[index];
  };
  port.on('message', ({ id, crops }: BatchRequest) => {
    try {
      const data = batchOf(crops, storeOf);
      port.postMessage({ id, data } satisfies BatchReply, [data.buffer as ArrayBuffer]);
    } catch (error) {
      port.postMessage({ id, error: toErrorMessage(error) } satisfies BatchReply);
    }
  });
}

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
