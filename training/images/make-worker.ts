// Worker thread: makes images of jobs and writes them into the store's file.
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { StoreFileWriter } from '../stores/index.js';
import { ImageMaker } from './image-jobs.js';
import { type MakeInput, type MakeRequest, makeInto } from './make-image.js';

const port = parentPort;
if (port !== null) {
  // Threads share the cores among themselves; the decoder must not start its own.
  sharp.concurrency(1);
  const { path, sizePx, count } = workerData as MakeInput;
  const writer = new StoreFileWriter(path, sizePx, count);
  const maker = new ImageMaker();
  let working = 0;
  let ended = false;
  port.on('message', async (request: MakeRequest | null) => {
    if (request !== null) {
      working++;
      port.postMessage(await makeInto(writer, maker, sizePx, request));
      working--;
    } else if (ended) return;
    else ended = true;
    if (!ended || working > 0) return;
    port.close();
    writer.close();
    await maker.close();
  });
}
