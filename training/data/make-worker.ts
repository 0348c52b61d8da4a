// Worker thread: makes images of jobs and writes them into the store's file.
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { MakeInput, MakeReply, MakeRequest } from './cached-store.js';
import { ImageMaker } from './image-jobs.js';
import { StoreFileWriter } from './store-file.js';
import { toErrorMessage } from './thread-errors.js';

const port = parentPort;
if (port !== null) {
  // Threads share the cores among themselves; the decoder must not start its own.
  sharp.concurrency(1);
  const { path, sizePx, count } = workerData as MakeInput;
  const writer = new StoreFileWriter(path, sizePx, count);
  const maker = new ImageMaker();
  let working = 0;
  let ended = false;
  let closed = false;
  const end = async (): Promise<void> => {
    if (!ended || working > 0 || closed) return;
    closed = true;
    writer.close();
    await maker.close();
    port.close();
  };
  const make = async ({ index, job }: MakeRequest): Promise<MakeReply> => {
    try {
      const { widthPx, heightPx, data } = await maker.make(job, sizePx);
      if (widthPx !== sizePx || heightPx !== sizePx) {
        throw new RangeError(`The image is ${widthPx}x${heightPx} px instead of ${sizePx}.`);
      }
      writer.write(index, data);
      return { index };
    } catch (error) {
      return { index, error: toErrorMessage(error) };
    }
  };
  port.on('message', async (request: MakeRequest | null) => {
    if (request === null) ended = true;
    else {
      working++;
      port.postMessage(await make(request));
      working--;
    }
    await end();
  });
}
